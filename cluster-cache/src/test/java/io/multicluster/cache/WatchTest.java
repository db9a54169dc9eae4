package io.multicluster.cache;

import static io.multicluster.cache.FeedEvent.ChangeType.ADDED;
import static io.multicluster.cache.FeedEvent.ChangeType.DELETED;
import static io.multicluster.cache.FeedEvent.ChangeType.MODIFIED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.cache.CacheFixture.FakeFeed;
import io.multicluster.cache.CacheFixture.FakeFeeds;
import io.multicluster.wire.proto.WatchFrameSplitter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WatchTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

  private final CacheFixture fixture = new CacheFixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void aWatchFromAListSeesWhatChangesAfterIt() {
    FakeFeeds members = fixture.ready("east", "west");
    members.get("east").pod(ADDED, "a", "x");
    long listed = version(fixture.get("/api/v1/pods"));
    members.get("west").pod(ADDED, "a", "y");
    RecordingExchange watch = fixture.get("/api/v1/pods?watch=1&resourceVersion=" + listed);
    assertThat(watch.status()).isEqualTo(200);
    assertThat(watch.header("content-type")).isEqualTo("application/json");
    members.get("east").pod(MODIFIED, "a", "x");
    members.get("west").pod(DELETED, "a", "y");
    List<JsonNode> events = events(watch);
    assertThat(told(events)).containsExactly("ADDED y@west", "MODIFIED x@east", "DELETED y@west");
    assertThat(events).allMatch(event -> event.at("/object/kind").asText().equals("Pod"));
    assertGrowing(listed, events);
    assertThat(version(fixture.get("/api/v1/pods")))
        .isEqualTo(events.getLast().at("/object/metadata/resourceVersion").asLong());
    assertThat(watch.ended()).isFalse();
  }

  @Test
  void aWatchWithoutAPositionStartsWithTheState() {
    FakeFeeds members = fixture.ready("east", "west");
    members.get("west").pod(ADDED, "b", "y");
    members.get("east").pod(ADDED, "a", "x");
    for (String start : List.of("", "&resourceVersion=", "&resourceVersion=0")) {
      RecordingExchange watch = fixture.get("/api/v1/pods?watch=1" + start);
      assertThat(told(events(watch))).containsExactly("ADDED x@east", "ADDED y@west");
      members.get("east").pod(MODIFIED, "a", "x");
      assertThat(told(events(watch))).containsExactly("MODIFIED x@east");
    }
  }

  @Test
  void aStreamedListEndsWithAMarkerAndGoesOnAsAWatch() {
    FakeFeed east = fixture.ready("east").get("east");
    for (int i = 0; i < 50; i++) {
      east.pod(ADDED, "a", "p%02d".formatted(i));
    }
    String stream =
        "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
            + "&allowWatchBookmarks=true";
    RecordingExchange watch = fixture.get(stream);
    List<JsonNode> events = events(watch);
    assertThat(events).hasSize(51);
    JsonNode marker = events.getLast();
    assertThat(marker.get("type").asText()).isEqualTo("BOOKMARK");
    assertThat(marker.at("/object/metadata/annotations/k8s.io~1initial-events-end").asText())
        .isEqualTo("true");
    long marked = marker.at("/object/metadata/resourceVersion").asLong();
    assertThat(marked).isEqualTo(version(fixture.get("/api/v1/pods")));
    // What client-go's inconsistency detector does.
    JsonNode exact =
        json(fixture.get("/api/v1/pods?resourceVersionMatch=Exact&resourceVersion=" + marked));
    for (int i = 0; i < 50; i++) {
      assertThat(events.get(i).at("/object/metadata"))
          .isEqualTo(exact.at("/items/" + i + "/metadata"));
    }
    east.pod(DELETED, "a", "p07");
    assertThat(told(events(watch))).containsExactly("DELETED p07@east");
    assertThat(told(events(fixture.get(stream + "&fieldSelector=metadata.name%3Dnone"))))
        .containsExactly("BOOKMARK");
  }

  @Test
  void aWatchFromTheFutureIsSilentUntilItComes() {
    FakeFeed east = fixture.ready("east").get("east");
    east.pod(ADDED, "a", "x");
    long future = version(fixture.get("/api/v1/pods")) + (1L << 20);
    RecordingExchange watch = fixture.get("/api/v1/pods?watch=1&resourceVersion=" + future);
    assertThat(events(watch)).isEmpty();
    east.pod(MODIFIED, "a", "x");
    List<JsonNode> events = events(watch);
    assertThat(told(events)).containsExactly("MODIFIED x@east");
    assertGrowing(future, events);
  }

  @Test
  void aPositionThatIsGoneEndsInExpired() {
    fixture.ready("east").get("east").pod(ADDED, "a", "x");
    for (String old : List.of("17", "1699999999999000000")) {
      RecordingExchange watch = fixture.get("/api/v1/pods?watch=1&resourceVersion=" + old);
      assertThat(watch.status()).isEqualTo(200);
      JsonNode event = events(watch).getFirst();
      assertThat(event.get("type").asText()).isEqualTo("ERROR");
      assertThat(event.at("/object/code").asInt()).isEqualTo(410);
      assertThat(event.at("/object/reason").asText()).isEqualTo("Expired");
      assertThat(event.at("/object/message").asText())
          .startsWith("too old resource version: " + old);
      assertThat(watch.ended()).isTrue();
    }
  }

  @Test
  void aPositionOfAnotherReplicaIsRefusedNotGuessed() {
    fixture.ready("east").get("east").pod(ADDED, "a", "x");
    long now = version(fixture.get("/api/v1/pods"));
    RecordingExchange watch = fixture.get("/api/v1/pods?watch=1&resourceVersion=" + (now + 1));
    assertThat(events(watch).getFirst().at("/object/code").asInt()).isEqualTo(410);
  }

  @Test
  void aPositionThatIsNoNumberIsInvalid() {
    fixture.ready("east");
    assertThatThrownBy(() -> fixture.get("/api/v1/pods?watch=1&resourceVersion=abc"))
        .hasMessageContaining("Invalid value");
  }

  @Test
  void changesThatEnterOrLeaveASelectorAreAddedOrDeleted() {
    FakeFeed east = fixture.ready("east").get("east");
    String start = "/api/v1/pods?watch=1&resourceVersion=" + version(fixture.get("/api/v1/pods"));
    RecordingExchange byLabel = fixture.get(start + "&labelSelector=app%3Dweb");
    RecordingExchange byNode = fixture.get(start + "&fieldSelector=spec.nodeName%3Dn1");
    RecordingExchange byPhase = fixture.get(start + "&fieldSelector=status.phase!%3DPending");
    RecordingExchange byName = fixture.get(start + "&fieldSelector=metadata.name%3Dx");
    RecordingExchange byNamespace = fixture.get(start.replace("/pods", "/namespaces/a/pods"));
    RecordingExchange byCluster =
        fixture.get(start + "&labelSelector=multicluster.io/cluster%3Dwest");
    RecordingExchange negative = fixture.get(start + "&labelSelector=app!%3Dweb");
    east.pod(ADDED, "a", "x", Map.of("app", "web"), "", "Pending");
    east.pod(MODIFIED, "a", "x", Map.of("app", "web"), "n1", "Pending");
    east.pod(MODIFIED, "a", "x", Map.of("app", "db"), "n1", "Running");
    east.pod(MODIFIED, "a", "x", Map.of("app", "web"), "n1", "Running");
    east.pod(DELETED, "a", "x", Map.of("app", "web"), "n1", "Running");
    assertThat(told(events(byLabel)))
        .containsExactly(
            "ADDED x@east", "MODIFIED x@east", "DELETED x@east", "ADDED x@east", "DELETED x@east");
    assertThat(told(events(byNode)))
        .containsExactly("ADDED x@east", "MODIFIED x@east", "MODIFIED x@east", "DELETED x@east");
    assertThat(told(events(byPhase)))
        .containsExactly("ADDED x@east", "MODIFIED x@east", "DELETED x@east");
    for (RecordingExchange all : List.of(byName, byNamespace)) {
      assertThat(told(events(all)))
          .containsExactly(
              "ADDED x@east",
              "MODIFIED x@east",
              "MODIFIED x@east",
              "MODIFIED x@east",
              "DELETED x@east");
    }
    assertThat(events(byCluster)).isEmpty();
    assertThat(told(events(negative))).containsExactly("ADDED x@east", "DELETED x@east");
  }

  @Test
  void anObjectThatLeavesASelectorIsDeletedWithItsPreviousContentAndTheVersionOfTheChange() {
    FakeFeed east = fixture.ready("east").get("east");
    east.pod(ADDED, "a", "x", Map.of("app", "web"), "n1", "Running");
    String start = "/api/v1/pods?watch=1&resourceVersion=" + version(fixture.get("/api/v1/pods"));
    RecordingExchange selected = fixture.get(start + "&labelSelector=app%3Dweb");
    RecordingExchange everything = fixture.get(start);
    east.pod(MODIFIED, "a", "x", Map.of("app", "db"), "n1", "Running");
    JsonNode deleted = events(selected).getFirst();
    JsonNode modified = events(everything).getFirst();
    assertThat(deleted.get("type").asText()).isEqualTo("DELETED");
    assertThat(deleted.at("/object/metadata/labels/app").asText()).isEqualTo("web");
    assertThat(deleted.at("/object/metadata/resourceVersion"))
        .isEqualTo(modified.at("/object/metadata/resourceVersion"));
  }

  @Test
  void aWatchNarrowedToOneMemberSeesNoOther() {
    FakeFeeds members = fixture.ready("east", "west");
    RecordingExchange watch = fixture.get("/clusters/west/api/v1/pods?watch=1");
    members.get("east").pod(ADDED, "a", "x");
    members.get("west").pod(ADDED, "a", "x");
    assertThat(told(events(watch))).containsExactly("ADDED x@west");
  }

  @Test
  void theLegacyFormWatchesOneName() {
    FakeFeed east = fixture.ready("east").get("east");
    RecordingExchange watch = fixture.get("/api/v1/watch/namespaces/a/pods/x");
    east.pod(ADDED, "a", "y");
    east.pod(ADDED, "a", "x");
    assertThat(told(events(watch))).containsExactly("ADDED x@east");
  }

  @Test
  void bookmarksComeEveryMinuteAndBeforeTheEnd() {
    FakeFeeds members = fixture.ready("east");
    RecordingExchange watch =
        fixture.get(
            "/api/v1/namespaces/b/pods?watch=1&allowWatchBookmarks=true&timeoutSeconds=150"
                + "&resourceVersion="
                + version(fixture.get("/api/v1/pods")));
    RecordingExchange unasked =
        fixture.get("/api/v1/namespaces/b/pods?watch=1&timeoutSeconds=150&resourceVersion=0");
    members.get("east").pod(ADDED, "a", "x");
    long now = version(fixture.get("/api/v1/pods"));
    fixture.advance(Duration.ofSeconds(61));
    List<JsonNode> events = events(watch);
    assertThat(told(events)).containsExactly("BOOKMARK");
    // It moves along with what is not for this client.
    assertThat(events.getFirst().at("/object/metadata/resourceVersion").asLong()).isEqualTo(now);
    assertThat(events.getFirst().at("/object/kind").asText()).isEqualTo("Pod");
    fixture.advance(Duration.ofSeconds(61));
    assertThat(told(events(watch))).containsExactly("BOOKMARK");
    assertThat(watch.ended()).isFalse();
    fixture.advance(Duration.ofSeconds(30));
    // The last one, and perhaps that of the third minute: their times are drawn at random.
    assertThat(told(events(watch))).isNotEmpty().containsOnly("BOOKMARK");
    assertThat(watch.ended()).isTrue();
    assertThat(unasked.ended()).isTrue();
    assertThat(unasked.bytes()).isEmpty();
  }

  @Test
  void aWatchWithoutALimitEndsWithinAnHour() {
    fixture.ready("east");
    RecordingExchange watch = fixture.get("/api/v1/pods?watch=1");
    fixture.advance(Duration.ofMinutes(29));
    assertThat(watch.ended()).isFalse();
    fixture.advance(Duration.ofMinutes(32));
    assertThat(watch.ended()).isTrue();
  }

  @Test
  void aTableWatchDefinesItsColumnsOnce() {
    FakeFeed east = fixture.ready("east").get("east");
    RecordingExchange watch =
        fixture.get("/api/v1/pods?watch=1&allowWatchBookmarks=true", "accept", TABLE);
    east.pod(ADDED, "a", "x");
    east.pod(MODIFIED, "a", "x");
    List<JsonNode> events = events(watch);
    assertThat(events.get(0).get("type").asText()).isEqualTo("BOOKMARK");
    assertThat(events.get(0).at("/object/kind").asText()).isEqualTo("Table");
    assertThat(events.get(0).at("/object/columnDefinitions").isArray()).isTrue();
    assertThat(events.get(0).at("/object/rows/0/object/metadata/resourceVersion").asText())
        .isNotEmpty();
    assertThat(events.get(1).at("/object/columnDefinitions").isNull()).isTrue();
    assertThat(events.get(1).at("/object/rows/0/cells/4").asText()).isEqualTo("east");
    assertThat(events.get(2).at("/object/metadata/resourceVersion"))
        .isEqualTo(events.get(2).at("/object/rows/0/object/metadata/resourceVersion"));
  }

  @Test
  void protobufWatchesSayWhatJsonWatchesSay() {
    FakeFeed east = fixture.ready("east").get("east");
    String protobuf = "application/vnd.kubernetes.protobuf";
    RecordingExchange watch = fixture.get("/api/v1/pods?watch=1", "accept", protobuf);
    RecordingExchange metadata =
        fixture.get(
            "/api/v1/pods?watch=1",
            "accept",
            protobuf + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
    RecordingExchange json = fixture.get("/api/v1/pods?watch=1");
    assertThat(watch.header("content-type")).isEqualTo(protobuf + ";stream=watch");
    east.pod(ADDED, "a", "x");
    east.pod(MODIFIED, "a", "x");
    east.pod(DELETED, "a", "x");
    List<String> expected =
        events(json).stream()
            .map(event ->
                event.get("type").asText()
                    + " "
                    + event.at("/object/metadata/resourceVersion").asText())
            .toList();
    assertThat(frames(watch, "Pod")).isEqualTo(expected);
    assertThat(frames(metadata, "PartialObjectMetadata")).isEqualTo(expected);
  }

  @Test
  void bothVersionsOfEventsAreOneStream() {
    FakeFeed east = fixture.ready("east").get("east");
    RecordingExchange core = fixture.get("/api/v1/events?watch=1");
    RecordingExchange other =
        fixture.get("/apis/events.k8s.io/v1/events?watch=1&fieldSelector=regarding.uid%3Du1");
    east.event(ADDED, "a", "e1", "u1");
    east.event(ADDED, "a", "e2", "u2");
    List<JsonNode> first = events(core);
    List<JsonNode> second = events(other);
    assertThat(first).hasSize(2);
    assertThat(second).hasSize(1);
    assertThat(second.getFirst().at("/object/apiVersion").asText()).isEqualTo("events.k8s.io/v1");
    assertThat(second.getFirst().at("/object/regarding/uid").asText()).isEqualTo("u1");
    assertThat(second.getFirst().at("/object/metadata"))
        .isEqualTo(first.getFirst().at("/object/metadata"));
  }

  @Test
  void joinsAndLeavesAreEventsAndNothingElse() {
    FakeFeeds members = fixture.ready("east", "west");
    members.get("west").pod(ADDED, "a", "y");
    RecordingExchange watch =
        fixture.get("/api/v1/pods?watch=1&resourceVersion=" + version(fixture.get("/api/v1/pods")));
    members.get("west").pods.leave();
    fixture.settle();
    FakeFeed north = fixture.join("north");
    north.pod(ADDED, "a", "z");
    assertThat(told(events(watch))).containsExactly("DELETED y@west", "ADDED z@north");
    assertThat(watch.ended()).isFalse();
  }

  @Test
  void aSlowClientIsHeldBackAndEndedWhenTheLogHasGoneOn() {
    try (CacheFixture small =
        new CacheFixture(new LogLimits(50_000, Duration.ofHours(1)), 16 << 20)) {
      FakeFeed east = small.ready("east").get("east");
      east.pod(ADDED, "a", "x");
      long start = version(small.get("/api/v1/pods"));
      RecordingExchange slow = small.exchange("/api/v1/pods?watch=1&resourceVersion=" + start);
      slow.window(3000);
      small.serve(slow, new ArrayList<>());
      RecordingExchange fast = small.get("/api/v1/pods?watch=1&resourceVersion=" + start);
      for (int i = 0; i < 100; i++) {
        east.pod(MODIFIED, "a", "x");
      }
      assertThat(slow.bytes().length).isLessThan(5000);
      assertThat(slow.ended()).isFalse();
      List<JsonNode> events = events(slow);
      slow.window(1_000_000);
      small.settle();
      assertThat(events.size() + events(slow).size()).isEqualTo(100);
      slow.window(1);
      for (int i = 0; i < 2000; i++) {
        east.pod(MODIFIED, "a", "x");
      }
      small.advance(Duration.ofSeconds(2));
      assertThat(slow.ended()).isTrue();
      List<JsonNode> all = events(fast);
      assertThat(all).hasSize(2100);
      assertGrowing(start, all);
    }
  }

  @Test
  void aWebSocketCarriesOneMessageForEachEvent() {
    FakeFeed east = fixture.ready("east").get("east");
    east.pod(ADDED, "a", "x");
    east.pod(ADDED, "a", "y");
    EmbeddedChannel json = new EmbeddedChannel();
    EmbeddedChannel protobuf = new EmbeddedChannel();
    for (EmbeddedChannel channel : List.of(json, protobuf)) {
      RecordingExchange exchange =
          fixture
              .exchange(
                  "/api/v1/pods?watch=1",
                  "accept",
                  channel.equals(json) ? "application/json" : "application/vnd.kubernetes.protobuf",
                  "connection",
                  "Upgrade",
                  "upgrade",
                  "websocket",
                  "sec-websocket-version",
                  "13",
                  "sec-websocket-key",
                  "dGhlIHNhbXBsZSBub25jZQ==")
              .upgradable(channel);
      fixture.serve(exchange, new ArrayList<>());
      assertThat(exchange.status()).isEqualTo(101);
      // The example of RFC 6455.
      assertThat(exchange.header("sec-websocket-accept")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
    east.pod(MODIFIED, "a", "x");
    List<byte[]> messages = messages(json, 1);
    assertThat(told(messages.stream().map(WatchTest::json).toList()))
        .containsExactly("ADDED x@east", "ADDED y@east", "MODIFIED x@east");
    assertThat(messages).noneMatch(message -> message[message.length - 1] == '\n');
    List<byte[]> binary = messages(protobuf, 2);
    assertThat(binary).hasSize(3);
    // A bare WatchEvent: its type comes first.
    assertThat(new String(binary.getLast(), 2, 8, UTF_8)).isEqualTo("MODIFIED");
    json.close();
    east.pod(MODIFIED, "a", "x");
    assertThat(messages(json, 1)).isEmpty();
    fixture.cache.drain();
    fixture.settle();
    assertThat(protobuf.isOpen()).isFalse();
    assertThat(messages(protobuf, 8)).as("a last word").hasSize(1);
  }

  /** The payloads of what was sent unmasked with that opcode. */
  private static List<byte[]> messages(EmbeddedChannel channel, int opcode) {
    ByteBuf sent = Unpooled.buffer();
    for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
      sent.writeBytes(part);
      part.release();
    }
    List<byte[]> messages = new ArrayList<>();
    while (sent.isReadable()) {
      int first = sent.readUnsignedByte();
      int length = sent.readUnsignedByte();
      byte[] payload = new byte[length == 126 ? sent.readUnsignedShort() : length];
      sent.readBytes(payload);
      if ((first & 0xf) == opcode) {
        messages.add(payload);
      }
    }
    return messages;
  }

  @Test
  void aDrainedReplicaSaysALastWord() {
    FakeFeed east = fixture.ready("east").get("east");
    RecordingExchange watch =
        fixture.get(
            "/api/v1/namespaces/b/pods?watch=1&allowWatchBookmarks=true&resourceVersion="
                + version(fixture.get("/api/v1/pods")));
    east.pod(ADDED, "a", "x");
    long now = version(fixture.get("/api/v1/pods"));
    fixture.cache.drain();
    fixture.settle();
    assertThat(watch.ended()).isTrue();
    List<JsonNode> events = events(watch);
    assertThat(told(events)).containsExactly("BOOKMARK");
    assertThat(events.getFirst().at("/object/metadata/resourceVersion").asLong()).isEqualTo(now);
  }

  private static void assertGrowing(long start, List<JsonNode> events) {
    long last = start;
    for (JsonNode event : events) {
      long version = event.at("/object/metadata/resourceVersion").asLong();
      assertThat(version).isGreaterThan(last);
      last = version;
    }
  }

  private static List<String> frames(RecordingExchange watch, String kind) {
    List<String> frames = new ArrayList<>();
    WatchFrameSplitter splitter =
        new WatchFrameSplitter((type, apiVersion, objectKind, object, length) -> {
          assertThat(objectKind).isEqualTo(kind);
          frames.add(
              type + " " + TestObjects.meta(Arrays.copyOf(object, length)).resourceVersion());
        });
    splitter.accept(Unpooled.wrappedBuffer(watch.takeBytes()));
    assertThat(splitter.betweenEvents()).isTrue();
    return frames;
  }

  /** What came since the last look. */
  private static List<JsonNode> events(RecordingExchange watch) {
    List<JsonNode> events = new ArrayList<>();
    for (String line : new String(watch.takeBytes(), UTF_8).split("\n", -1)) {
      if (!line.isEmpty()) {
        try {
          events.add(JSON.readTree(line));
        } catch (IOException e) {
          throw new AssertionError(line, e);
        }
      }
    }
    return events;
  }

  private static List<String> told(List<JsonNode> events) {
    return events.stream()
        .map(event -> {
          JsonNode metadata = event.at("/object/metadata");
          String cluster = metadata.at("/labels/multicluster.io~1cluster").asText();
          return event.get("type").asText()
              + (cluster.isEmpty() ? "" : " " + metadata.get("name").asText() + "@" + cluster);
        })
        .toList();
  }

  private static long version(RecordingExchange list) {
    return json(list).at("/metadata/resourceVersion").asLong();
  }

  private static JsonNode json(RecordingExchange exchange) {
    assertThat(exchange.status()).isEqualTo(200);
    assertThat(exchange.ended()).isTrue();
    return json(exchange.bytes());
  }

  private static JsonNode json(byte[] text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
