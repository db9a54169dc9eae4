package io.multicluster.wire.table;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.oracle.JsonLines;
import io.multicluster.wire.proto.ListMeta;
import io.multicluster.wire.proto.ObjectMeta;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TableWriterTest {
  private static final ListMeta AT_7 = new ListMeta("7", "", null);

  @Test
  void anEmptyListIsATableWithoutRows() {
    assertThat(table(new TableWriter(GroupResource.PODS, "v1beta1"), AT_7, true))
        .startsWith(
            "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1beta1\","
                + "\"metadata\":{\"resourceVersion\":\"7\"},\"columnDefinitions\":[{\"name\":"
                + "\"Name\",\"type\":\"string\",\"format\":\"name\",\"description\":\"")
        .endsWith("\"priority\":1}],\"rows\":[]}");
  }

  @Test
  void aPageSaysHowToGoOn() {
    TableWriter writer = new TableWriter(GroupResource.PODS, "v1");
    assertThat(table(writer, new ListMeta("7", "t", 3L), false))
        .contains(
            "\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"t\",\"remainingItemCount\":3}");
    assertThat(table(writer, new ListMeta("", "", null), false)).contains("\"metadata\":{},");
  }

  @Test
  void laterTablesOfAWatchHaveNoDefinitions() {
    assertThat(table(new TableWriter(GroupResource.PODS, "v1"), AT_7, false))
        .contains("\"columnDefinitions\":null,\"rows\":[");
  }

  @Test
  void withoutWideTheClusterStandsBeforeAgeOfPodsAndBeforeTheMessageOfEvents() {
    assertThat(names(GroupResource.PODS, this::narrow))
        .containsExactly("Name", "Ready", "Status", "Restarts", "Cluster", "Age");
    assertThat(names(GroupResource.EVENTS, this::narrow))
        .containsExactly("Last Seen", "Type", "Reason", "Object", "Cluster", "Message");
    assertThat(names(GroupResource.EVENTS_K8S_IO, _ -> true))
        .isEqualTo(names(GroupResource.EVENTS, _ -> true));
    assertThat(names(GroupResource.parse("nodes"), _ -> true))
        .containsExactly("Name", "Cluster", "Age");
  }

  @Test
  void onlyTheNameIsTakenForTheObjectsName() {
    for (String resource : List.of("pods", "events", "nodes")) {
      assertThat(
              names(GroupResource.parse(resource), column -> "name".equals(column.get("format"))))
          .containsExactly("Name");
    }
  }

  @Test
  void otherKindsShowNameClusterAndAge() {
    byte[] node =
        new ProtoWriter()
            .message(
                1,
                new ProtoWriter().string(1, "n1").message(8, new ProtoWriter().int64(1, 1_000_000)))
            .toByteArray();
    TableWriter writer = new TableWriter(GroupResource.parse("nodes"), "v1");
    ByteBuf out = Unpooled.buffer();
    PlainRow row = PlainRow.read(node, 0, node.length);
    writer.beginRow(out, true, row, "n1", "m1", 1_000_300_000L);
    writer.endRow(out.writeByte('1'));
    writer.beginRow(out, false, PlainRow.read(node, 0, 0), "<&>", "m\"2", 0);
    writer.endRow(out.writeByte('2'));
    assertThat(out.toString(UTF_8))
        .isEqualTo(
            "{\"cells\":[\"n1\",\"m1\",\"5m\"],\"object\":1},{\"cells\":[\"\\u003c\\u0026\\u003e\","
                + "\"m\\\"2\",\"\\u003cunknown\\u003e\"],\"object\":2}");
    assertThat(row.creationSeconds()).isEqualTo(1_000_000);
    assertThat(PlainRow.read(node, 0, 0).creationSeconds()).isEqualTo(ObjectMeta.NO_TIME);
  }

  @Test
  void includeObjectIsOneOfThree() {
    assertThat(IncludeObject.parse(Query.EMPTY)).isEqualTo(IncludeObject.METADATA);
    assertThat(IncludeObject.parse(Query.parse("includeObject=None")))
        .isEqualTo(IncludeObject.NONE);
    assertThat(IncludeObject.parse(Query.parse("includeObject=Object")))
        .isEqualTo(IncludeObject.OBJECT);
    assertThatThrownBy(() -> IncludeObject.parse(Query.parse("includeObject=x")))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(400))
        .hasMessage(
            "Unable to convert to Table as requested: includeObject: Invalid value: \"x\": must be"
                + " 'Metadata', 'Object', 'None', or empty");
  }

  private boolean narrow(Map<?, ?> column) {
    return Objects.equals(column.get("priority"), 0L);
  }

  private static List<@Nullable Object> names(GroupResource resource, Predicate<Map<?, ?>> filter) {
    String json = table(new TableWriter(resource, "v1"), AT_7, true);
    Map<?, ?> table = (Map<?, ?>) Objects.requireNonNull(JsonLines.parse(json));
    return ((List<?>) Objects.requireNonNull(table.get("columnDefinitions")))
        .stream()
            .map(column -> (Map<?, ?>) column)
            .filter(filter)
            .<@Nullable Object>map(column -> column.get("name"))
            .toList();
  }

  private static String table(TableWriter writer, ListMeta metadata, boolean definitions) {
    ByteBuf out = Unpooled.buffer();
    writer.begin(out, metadata, definitions);
    writer.end(out);
    return out.toString(UTF_8);
  }
}
