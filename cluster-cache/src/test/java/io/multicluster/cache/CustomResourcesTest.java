package io.multicluster.cache;

import static io.multicluster.cache.FeedEvent.ChangeType.ADDED;
import static io.multicluster.cache.FeedEvent.ChangeType.DELETED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.resource.GroupVersionResource;
import io.multicluster.wire.status.ApiException;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A kind that has no protobuf. */
class CustomResourcesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final CachedKind CLONE_SETS =
      new CachedKind(
          new GroupVersionResource("apps.kruise.io", "v1alpha1", "clonesets"),
          "CloneSet",
          true,
          CachedKind.Encoding.JSON);
  private static final String PATH = "/apis/apps.kruise.io/v1alpha1/clonesets";

  private final CacheFixture fixture = new CacheFixture(CLONE_SETS);
  private final CacheFixture.FakeFeed east = fixture.ready("east").get("east");
  private final FeedSink sink = east.sink(CLONE_SETS);

  @AfterEach
  void close() {
    fixture.close();
  }

  private void change(FeedEvent.ChangeType type, String name, long version, String spec) {
    String object =
        """
        {"apiVersion":"apps.kruise.io/v1alpha1","kind":"CloneSet","metadata":{"name":"%s",\
        "namespace":"shop","uid":"u-%s","resourceVersion":"%d","labels":{"app":"web"},\
        "creationTimestamp":"2026-01-02T03:04:05Z"},"spec":%s}\
        """
            .formatted(name, name, version, spec);
    east.accept(sink, List.of(FeedEvents.change(type, object.getBytes(UTF_8))));
  }

  @Test
  void objectsAreServedAsTheyCameApartFromTheirMarks() {
    change(ADDED, "x", 17, "{\"replicas\":3,\"ratio\":1.10,\"big\":12345678901234567890}");
    JsonNode list = json(fixture.get(PATH));
    assertThat(list.get("kind").asText()).isEqualTo("CloneSetList");
    JsonNode item = list.at("/items/0");
    assertThat(item.get("kind").asText()).isEqualTo("CloneSet");
    assertThat(item.at("/metadata/labels").toString())
        .isEqualTo("{\"app\":\"web\",\"multicluster.io/cluster\":\"east\"}");
    assertThat(item.at("/metadata/resourceVersion").asText()).hasSize(19);
    assertThat(new String(fixture.get(PATH).bytes(), UTF_8))
        .contains("\"spec\":{\"replicas\":3,\"ratio\":1.10,\"big\":12345678901234567890}");
    JsonNode got = json(fixture.get("/apis/apps.kruise.io/v1alpha1/namespaces/shop/clonesets/x"));
    assertThat(got).isEqualTo(item);
  }

  @Test
  void tablesMetadataAndWatchesWork() {
    RecordingExchange watch = fixture.get(PATH + "?watch=1&allowWatchBookmarks=true");
    change(ADDED, "x", 17, "{}");
    change(DELETED, "x", 18, "{}");
    String[] lines = new String(watch.takeBytes(), UTF_8).split("\n", -1);
    assertThat(json(lines[0].getBytes(UTF_8)).at("/object/kind").asText()).isEqualTo("CloneSet");
    assertThat(json(lines[1].getBytes(UTF_8)).get("type").asText()).isEqualTo("ADDED");
    JsonNode deleted = json(lines[2].getBytes(UTF_8));
    assertThat(deleted.get("type").asText()).isEqualTo("DELETED");
    assertThat(deleted.at("/object/metadata/resourceVersion").asText())
        .isGreaterThan(
            json(lines[1].getBytes(UTF_8)).at("/object/metadata/resourceVersion").asText());
    change(ADDED, "y", 19, "{}");
    JsonNode table =
        json(fixture.get(PATH, "accept", "application/json;as=Table;v=v1;g=meta.k8s.io"));
    assertThat(table.at("/rows/0/cells/0").asText()).isEqualTo("y");
    assertThat(table.at("/rows/0/object/metadata/name").asText()).isEqualTo("y");
    JsonNode metadata =
        json(
            fixture.get(
                PATH,
                "accept",
                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"));
    assertThat(metadata.at("/items/0/kind").asText()).isEqualTo("PartialObjectMetadata");
    assertThat(metadata.at("/items/0").has("spec")).isFalse();
  }

  @Test
  void protobufIsNotOffered() {
    assertThatThrownBy(() -> fixture.get(PATH, "accept", "application/vnd.kubernetes.protobuf"))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(406));
  }

  @Test
  void whatIsNoObjectIsRefused() {
    for (String wrong :
        List.of(
            "",
            "[]",
            "{}",
            "{\"metadata\":{\"name\":\"x\",\"namespace\":\"a\"}}",
            "{\"metadata\":{\"name\":\"a/b\",\"namespace\":\"a\",\"resourceVersion\":\"1\"}}",
            "{\"metadata\":{\"name\":\"x\",\"resourceVersion\":\"1\"}}")) {
      assertThatThrownBy(() -> sink.accept(FeedEvents.item(wrong.getBytes(UTF_8)), () -> {}))
          .as(wrong)
          .isInstanceOf(MalformedProtoException.class);
    }
  }

  private static JsonNode json(RecordingExchange exchange) {
    assertThat(exchange.ended()).isTrue();
    return json(exchange.bytes());
  }

  private static JsonNode json(byte[] text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError(new String(text, UTF_8), e);
    }
  }
}
