package io.multicluster.wire.table;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.oracle.JsonLines;
import io.multicluster.wire.proto.ListMeta;
import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.resource.GroupResource;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Compares with what Kubernetes 1.36 prints of the same pods and events, and selects them by. */
class RowOracleTest {
  /** The column that Kubernetes has not. */
  private static final int CLUSTER = 4;

  private final StringPool pool = new StringPool(256);

  @Test
  void podsPrintAndAreSelectedAsInKubernetes() {
    TableWriter writer = new TableWriter(GroupResource.PODS, "v1");
    Set<Object> statuses = new HashSet<>();
    check("pods.jsonl", writer, (bytes, end) -> PodRow.read(bytes, 3, end, pool), statuses);
    assertThat(statuses)
        .as("the corpus shows each kind of status")
        .contains(
            "Pending",
            "ContainerCreating",
            "CrashLoopBackOff",
            "ErrImagePull",
            "OOMKilled",
            "Error",
            "Completed",
            "Evicted",
            "Init:0/2",
            "Init:CrashLoopBackOff",
            "Init:Error",
            "PodInitializing",
            "SchedulingGated",
            "Terminating",
            "Unknown",
            "NotReady",
            "Signal:9",
            "ExitCode:2",
            "Running");
  }

  @Test
  void eventsPrintAndAreSelectedAsInKubernetes() {
    TableWriter writer = new TableWriter(GroupResource.EVENTS, "v1");
    check(
        "events.jsonl",
        writer,
        (bytes, end) -> EventRow.read(bytes, 3, end, pool),
        new HashSet<>());
  }

  private interface RowReader {
    TableRow read(byte[] bytes, int end);
  }

  private static void check(
      String corpus, TableWriter writer, RowReader reader, Set<Object> thirdCells) {
    long now = 0;
    for (Map<String, @Nullable Object> line : JsonLines.read(RowOracleTest.class, corpus)) {
      if (line.get("nowMillis") instanceof Long millis) {
        now = millis;
        continue;
      }
      byte[] object = Base64.getDecoder().decode((String) line.get("protobuf"));
      byte[] shifted = new byte[object.length + 5];
      System.arraycopy(object, 0, shifted, 3, object.length);
      TableRow row = reader.read(shifted, object.length + 3);
      Map<?, ?> fields = (Map<?, ?>) Objects.requireNonNull(line.get("fields"));
      Map<?, ?> printed = print(writer, row, String.valueOf(fields.get("metadata.name")), now);
      List<?> expected = (List<?>) Objects.requireNonNull(line.get("cells"));
      List<Object> cells = new ArrayList<>((List<?>) Objects.requireNonNull(printed.get("cells")));
      assertThat(cells.remove(CLUSTER)).isEqualTo("m1");
      assertThat(cells).as("%s", fields.get("metadata.name")).isEqualTo(expected);
      assertThat(conditions(printed)).isEqualTo(line.get("conditions"));
      thirdCells.add(cells.get(2));
      fields.forEach((field, value) -> {
        if (!field.toString().startsWith("metadata.")) {
          assertThat(row.field(field.toString())).as("%s of %s", field, fields).isEqualTo(value);
        }
      });
      assertThat(row.field("spec.unknown")).isEmpty();
    }
    assertThat(now).isPositive();
  }

  private static Map<?, ?> print(TableWriter writer, TableRow row, String name, long now) {
    ByteBuf out = Unpooled.buffer();
    writer.begin(out, new ListMeta("7", "", null), true);
    writer.beginRow(out, true, row, name, "m1", now);
    out.writeBytes("null".getBytes(UTF_8));
    writer.endRow(out);
    writer.end(out);
    Map<?, ?> table = (Map<?, ?>) Objects.requireNonNull(JsonLines.parse(out.toString(UTF_8)));
    Map<?, ?> only = (Map<?, ?>) ((List<?>) Objects.requireNonNull(table.get("rows"))).getFirst();
    assertThat((List<?>) table.get("columnDefinitions"))
        .hasSameSizeAs((List<?>) Objects.requireNonNull(only.get("cells")));
    return only;
  }

  /** Type, status, reason and message of the only condition, as the corpus has them. */
  private static @Nullable Object conditions(Map<?, ?> row) {
    return row.get("conditions") instanceof List<?> list
        ? new ArrayList<>(((Map<?, ?>) list.getFirst()).values())
        : null;
  }
}
