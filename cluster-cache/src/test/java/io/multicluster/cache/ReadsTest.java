package io.multicluster.cache;

import static io.multicluster.cache.FeedEvent.ChangeType.ADDED;
import static io.multicluster.cache.FeedEvent.ChangeType.DELETED;
import static io.multicluster.cache.FeedEvent.ChangeType.MODIFIED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.multicluster.cache.CacheFixture.FakeFeed;
import io.multicluster.cache.CacheFixture.FakeFeeds;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.rv.ContinueToken;
import io.multicluster.wire.status.ApiException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReadsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
  private static final String PROTOBUF = "application/vnd.kubernetes.protobuf";

  private final CacheFixture fixture = new CacheFixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void aCacheThatDoesNotKnowItsMembersPutsClientsOff() {
    fixture.join("east");
    assertThatThrownBy(() -> fixture.get("/api/v1/pods"))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(429));
  }

  @Test
  void aListHoldsThePodsOfAllMembersInTheOrderOfTheirKeys() {
    FakeFeeds members = fixture.ready("west", "east");
    members.get("west").pod(ADDED, "a", "x");
    members.get("west").pod(ADDED, "a-b", "x");
    members.get("east").pod(ADDED, "a", "x");
    members.get("east").pod(ADDED, "a", "a");
    JsonNode list = json(fixture.get("/api/v1/pods"));
    assertThat(list.get("kind").asText()).isEqualTo("PodList");
    assertThat(list.get("apiVersion").asText()).isEqualTo("v1");
    assertThat(names(list)).containsExactly("a-b/x@west", "a/a@east", "a/x@east", "a/x@west");
    JsonNode pod = list.get("items").get(0);
    assertThat(pod.has("kind")).isFalse();
    assertThat(pod.at("/metadata/annotations/resource.karmada.io~1cached-from-cluster").asText())
        .isEqualTo("west");
    assertThat(list.at("/metadata/resourceVersion").asLong())
        .isGreaterThanOrEqualTo(pod.at("/metadata/resourceVersion").asLong());
    assertThat(names(json(fixture.get("/api/v1/namespaces/a/pods"))))
        .containsExactly("a/a@east", "a/x@east", "a/x@west");
  }

  @Test
  void fieldsThatANewerMemberSendsAreCounted() {
    FakeFeed east = fixture.ready("east").get("east");
    byte[] pod = TestObjects.pod("a", "new", "2", 3, Map.of(), "n1", "Running");
    east.list(
        east.pods,
        3,
        TestObjects.pod("a", "old", "1", 2, Map.of(), "n1", "Running"),
        new ProtoWriter().raw(pod, 0, pod.length).string(99, "of tomorrow").toByteArray());
    assertThat(fixture.cache.unknownFields(CachedKind.PODS)).isEqualTo(1);
    assertThat(names(json(fixture.get("/api/v1/pods"))))
        .containsExactly("a/new@east", "a/old@east");
  }

  @Test
  void anEmptyListHasItemsAndAUsableResourceVersion() {
    fixture.ready("east");
    JsonNode list = json(fixture.get("/api/v1/namespaces/none/pods"));
    assertThat(list.get("items").isArray()).isTrue();
    assertThat(list.get("items")).isEmpty();
    assertThat(list.at("/metadata/resourceVersion").asLong()).isPositive();
  }

  @Test
  void theSameStateHasTheSameResourceVersionEverywhere() {
    FakeFeed east = fixture.ready("east").get("east");
    east.pod(ADDED, "a", "x");
    east.pod(MODIFIED, "a", "x");
    JsonNode got = json(fixture.get("/api/v1/namespaces/a/pods/x"));
    JsonNode listed = json(fixture.get("/api/v1/pods")).get("items").get(0);
    assertThat(got.at("/metadata/resourceVersion"))
        .isEqualTo(listed.at("/metadata/resourceVersion"));
    assertThat(got.at("/metadata/resourceVersion").asText()).matches("[1-9][0-9]{18}");
    assertThat(got.get("kind").asText()).isEqualTo("Pod");
  }

  @Test
  void aNameOfTwoMembersIsAmbiguousUntilAClusterIsChosen() {
    FakeFeeds members = fixture.ready("west", "east");
    members.get("west").pod(ADDED, "a", "x");
    members.get("east").pod(ADDED, "a", "x");
    assertThatThrownBy(() -> fixture.get("/api/v1/namespaces/a/pods/x"))
        .isInstanceOfSatisfying(
            ApiException.class,
            e -> {
              assertThat(e.status().code()).isEqualTo(409);
              assertThat(e.status().message())
                  .contains("east, west", "/clusters/east/api/v1/namespaces/a/pods/x");
            });
    JsonNode pod = json(fixture.get("/clusters/west/api/v1/namespaces/a/pods/x"));
    assertThat(pod.at("/metadata/labels/multicluster.io~1cluster").asText()).isEqualTo("west");
    assertThat(names(json(fixture.get("/clusters/east/api/v1/pods")))).containsExactly("a/x@east");
  }

  @Test
  void aMissingPodIsNotFound() {
    fixture.ready("east");
    assertThatThrownBy(() -> fixture.get("/api/v1/namespaces/a/pods/x"))
        .hasMessage("pods \"x\" not found");
  }

  @Test
  void selectorsNarrowAList() {
    FakeFeeds members = fixture.ready("east", "west");
    for (int i = 0; i < 30; i++) {
      members
          .get(i % 2 == 0 ? "east" : "west")
          .pod(
              ADDED,
              i < 20 ? "a" : "b",
              "p" + i,
              Map.of("app", "app" + i % 3),
              "n" + i % 5,
              i % 4 == 0 ? "Pending" : "Running");
    }
    assertThat(names(json(fixture.get("/api/v1/pods?labelSelector=app%3Dapp1&limit=500"))))
        .hasSize(10);
    assertThat(names(json(fixture.get("/api/v1/pods?fieldSelector=spec.nodeName%3Dn1"))))
        .hasSize(6);
    assertThat(
            names(
                json(
                    fixture.get(
                        "/api/v1/namespaces/b/pods?fieldSelector=spec.nodeName%3Dn1,status.phase!%3DPending"))))
        .containsExactly("b/p21@west", "b/p26@east");
    assertThat(
            names(
                json(
                    fixture.get(
                        "/api/v1/pods?labelSelector=multicluster.io/cluster%3Dwest,app%20in%20(app0,app2)"))))
        .hasSize(10)
        .allMatch(name -> name.endsWith("@west"));
    assertThat(names(json(fixture.get("/api/v1/pods?fieldSelector=metadata.name%3Dp7"))))
        .containsExactly("a/p7@west");
    assertThatThrownBy(() -> fixture.get("/api/v1/pods?fieldSelector=spec.foo%3D1"))
        .hasMessage("field label not supported: spec.foo");
  }

  @Test
  void pagesComeFromOneState() {
    FakeFeeds members = fixture.ready("east", "west");
    for (int i = 0; i < 10; i++) {
      members.get("east").pod(ADDED, "a", "p" + i);
      members.get("west").pod(ADDED, "a", "p" + i);
    }
    List<String> all = names(json(fixture.get("/api/v1/pods")));
    JsonNode page = json(fixture.get("/api/v1/pods?limit=7"));
    assertThat(page.at("/metadata/remainingItemCount").asInt()).isEqualTo(13);
    List<String> seen = new ArrayList<>(names(page));
    String version = page.at("/metadata/resourceVersion").asText();
    while (page.at("/metadata").has("continue")) {
      members.get("east").pod(DELETED, "a", "p" + seen.size() % 10);
      members.get("west").pod(MODIFIED, "a", "p" + seen.size() % 10);
      page =
          json(
              fixture.get(
                  "/api/v1/pods?limit=7&continue=" + page.at("/metadata/continue").asText()));
      assertThat(page.at("/metadata/resourceVersion").asText()).isEqualTo(version);
      seen.addAll(names(page));
    }
    assertThat(seen).isEqualTo(all);
    JsonNode exact =
        json(fixture.get("/api/v1/pods?resourceVersionMatch=Exact&resourceVersion=" + version));
    assertThat(names(exact)).isEqualTo(all);
    assertThat(exact.at("/metadata/resourceVersion").asText()).isEqualTo(version);
  }

  @Test
  void aPageOfAStateThatIsGoneAnswersExpiredAndATokenToGoOn() {
    FakeFeed east = fixture.ready("east").get("east");
    for (int i = 0; i < 5; i++) {
      east.pod(ADDED, "a", "p" + i);
    }
    // A token of an earlier incarnation of the gateway.
    String token = new ContinueToken(17, ObjectKey.of("a", "p2", "east"), false).encode();
    assertThatThrownBy(() -> fixture.get("/api/v1/pods?limit=2&continue=" + token))
        .isInstanceOfSatisfying(
            ApiException.class,
            e -> {
              assertThat(e.status().code()).isEqualTo(410);
              JsonNode rest =
                  json(fixture.get("/api/v1/pods?continue=" + e.status().continueToken()));
              assertThat(names(rest)).containsExactly("a/p2@east", "a/p3@east", "a/p4@east");
            });
  }

  @Test
  void resourceVersionZeroIgnoresTheLimit() {
    FakeFeed east = fixture.ready("east").get("east");
    east.pod(ADDED, "a", "x");
    east.pod(ADDED, "a", "y");
    JsonNode list = json(fixture.get("/api/v1/pods?resourceVersion=0&limit=1"));
    assertThat(names(list)).hasSize(2);
    assertThat(list.at("/metadata").has("continue")).isFalse();
  }

  @Test
  void aFutureStateIsWaitedForAndThenTooLarge() {
    FakeFeed east = fixture.ready("east").get("east");
    east.pod(ADDED, "a", "x");
    long now = json(fixture.get("/api/v1/pods")).at("/metadata/resourceVersion").asLong();
    long soon = now + (1L << 20);
    RecordingExchange waiting =
        fixture.get("/api/v1/pods?resourceVersionMatch=NotOlderThan&resourceVersion=" + soon);
    assertThat(waiting.headSent()).isFalse();
    east.pod(MODIFIED, "a", "x");
    assertThat(json(waiting).at("/metadata/resourceVersion").asLong()).isGreaterThan(soon);

    long far = now + (1L << 45);
    List<ApiException> failures = new ArrayList<>();
    fixture.serve(fixture.exchange("/api/v1/namespaces/a/pods/x?resourceVersion=" + far), failures);
    fixture.advance(Duration.ofMillis(2900));
    assertThat(failures).isEmpty();
    fixture.advance(Duration.ofMillis(200));
    assertThat(failures)
        .singleElement()
        .satisfies(e -> {
          assertThat(e.status().code()).isEqualTo(504);
          assertThat(e.status().retryAfterSeconds()).isEqualTo(1);
        });
  }

  @Test
  void protobufListsHoldWhatJsonListsHold() {
    FakeFeeds members = fixture.ready("east", "west");
    for (int i = 0; i < 20; i++) {
      members.get(i % 2 == 0 ? "east" : "west").pod(ADDED, "a", "p" + i);
    }
    RecordingExchange answer = fixture.get("/api/v1/pods?limit=15", "accept", PROTOBUF);
    assertThat(answer.header("content-type")).isEqualTo(PROTOBUF);
    byte[] bytes = answer.bytes();
    Envelope.Content content = Envelope.open(bytes, 0, bytes.length);
    assertThat(content.kind()).isEqualTo("PodList");
    List<String> names = new ArrayList<>();
    ProtoReader list = new ProtoReader(bytes, content.rawStart(), content.rawEnd());
    while (list.next()) {
      if (list.field() == 2) {
        names.add(
            TestObjects.meta(Arrays.copyOfRange(bytes, list.valueStart(), list.valueEnd())).name());
      }
    }
    assertThat(names)
        .isEqualTo(
            names(json(fixture.get("/api/v1/pods?limit=15"))).stream()
                .map(name -> name.substring(2, name.indexOf('@')))
                .toList());
    RecordingExchange metadata =
        fixture.get(
            "/api/v1/pods",
            "accept",
            PROTOBUF + ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    content = Envelope.open(metadata.bytes(), 0, metadata.bytes().length);
    assertThat(content.kind()).isEqualTo("PartialObjectMetadataList");
  }

  @Test
  void tablesHaveARowForEachPodAndItsCluster() {
    FakeFeeds members = fixture.ready("east", "west");
    members.get("east").pod(ADDED, "a", "x");
    members.get("west").pod(ADDED, "a", "y");
    JsonNode table = json(fixture.get("/api/v1/pods", "accept", TABLE));
    assertThat(table.get("kind").asText()).isEqualTo("Table");
    assertThat(table.get("rows")).hasSize(2);
    assertThat(table.at("/rows/1/cells/0").asText()).isEqualTo("y");
    assertThat(table.at("/rows/1/cells/4").asText()).isEqualTo("west");
    assertThat(table.at("/rows/1/object/kind").asText()).isEqualTo("PartialObjectMetadata");
    JsonNode one = json(fixture.get("/api/v1/namespaces/a/pods/x", "accept", TABLE));
    assertThat(one.get("rows")).hasSize(1);
    JsonNode none = json(fixture.get("/api/v1/pods?includeObject=None", "accept", TABLE));
    assertThat(none.at("/rows/0/object").isNull()).isTrue();
  }

  @Test
  void eventsAboutAFederatedObjectAreThoseOfItsCopiesToo() {
    FakeFeeds feeds = fixture.ready("east", CacheFixture.CONTROL_PLANE);
    feeds.get("east").eventOfDeployment("a", "copy", "web", "of-the-copy");
    feeds.get("east").eventOfDeployment("a", "other", "db", "of-another");
    feeds.get("east").eventOfDeployment("b", "elsewhere", "web", "of-elsewhere");
    feeds.get(CacheFixture.CONTROL_PLANE).eventOfDeployment("a", "own", "web", "u1");
    feeds.get(CacheFixture.CONTROL_PLANE).eventOfDeployment("a", "before", "web", "u0");
    String about =
        "/events?fieldSelector=involvedObject.name%3Dweb,involvedObject.namespace%3Da,"
            + "involvedObject.uid%3Du1";
    String described = about + ",involvedObject.kind%3DDeployment";

    assertThat(names(json(fixture.get("/api/v1/namespaces/a" + described))))
        .containsExactly("a/copy@east", "a/own@federation");
    assertThat(names(json(fixture.get("/api/v1/namespaces/a" + about))))
        .as("of what kind is not told")
        .containsExactly("a/own@federation");
    assertThat(names(json(fixture.get("/clusters/east/api/v1/namespaces/a" + described))))
        .as("that member's own object is meant")
        .isEmpty();
  }

  @Test
  void eventsAreServedInBothOfTheirVersions() {
    FakeFeed east = fixture.ready("east").get("east");
    east.event(ADDED, "a", "e1", "u1");
    east.event(ADDED, "a", "e2", "u2");
    JsonNode core = json(fixture.get("/api/v1/events?fieldSelector=involvedObject.uid%3Du2"));
    JsonNode other =
        json(
            fixture.get(
                "/apis/events.k8s.io/v1/namespaces/a/events?fieldSelector=regarding.uid%3Du2"));
    assertThat(core.get("items")).hasSize(1);
    assertThat(other.get("items")).hasSize(1);
    assertThat(core.at("/items/0/message").asText()).isEqualTo("a message");
    assertThat(other.at("/items/0/note").asText()).isEqualTo("a message");
    assertThat(other.at("/items/0/metadata")).isEqualTo(core.at("/items/0/metadata"));
    assertThat(
            json(fixture.get("/apis/events.k8s.io/v1/namespaces/a/events/e1"))
                .get("apiVersion")
                .asText())
        .isEqualTo("events.k8s.io/v1");
    byte[] proto =
        fixture.get("/apis/events.k8s.io/v1/namespaces/a/events/e1", "accept", PROTOBUF).bytes();
    assertThat(Envelope.open(proto, 0, proto.length).apiVersion()).isEqualTo("events.k8s.io/v1");
  }

  @Test
  void bigAnswersAreCompressedForThoseWhoAcceptIt() throws IOException {
    FakeFeed east = fixture.ready("east").get("east");
    for (int i = 0; i < 400; i++) {
      east.pod(ADDED, "a", "p" + i);
    }
    RecordingExchange plain = fixture.get("/api/v1/pods");
    RecordingExchange compressed = fixture.get("/api/v1/pods", "accept-encoding", "gzip");
    assertThat(plain.header("content-encoding")).isNull();
    assertThat(compressed.header("content-encoding")).isEqualTo("gzip");
    assertThat(compressed.header("vary")).isEqualTo("Accept-Encoding");
    assertThat(new GZIPInputStream(new ByteArrayInputStream(compressed.bytes())).readAllBytes())
        .isEqualTo(plain.bytes());
    RecordingExchange small = fixture.get("/api/v1/pods?limit=10", "accept-encoding", "gzip");
    assertThat(small.header("content-encoding")).isNull();
    assertThat(small.header("content-length")).isEqualTo(Integer.toString(small.bytes().length));
  }

  @Test
  void aSlowClientHoldsBackTheAnswer() {
    FakeFeed east = fixture.ready("east").get("east");
    for (int i = 0; i < 1000; i++) {
      east.pod(ADDED, "a", "p" + i);
    }
    byte[] whole = fixture.get("/api/v1/pods").bytes();
    RecordingExchange slow = fixture.exchange("/api/v1/pods");
    slow.window(1);
    fixture.serve(slow, new ArrayList<>());
    assertThat(slow.bytes().length).isLessThan(200_000);
    int steps = 0;
    while (!slow.ended() && steps++ < 1000) {
      slow.window(1);
      fixture.settle();
    }
    assertThat(slow.bytes()).isEqualTo(whole);
    assertThat(slow.largestOverrun()).isLessThan(170_000);
    assertThat(steps).isGreaterThan(5);
  }

  @Test
  void prettyJsonIsIndented() {
    fixture.ready("east").get("east").pod(ADDED, "a", "x");
    String text = new String(fixture.get("/api/v1/pods?pretty=true").bytes(), UTF_8);
    assertThat(text).startsWith("{\n  \"kind\": \"PodList\"").endsWith("\n}");
  }

  @Test
  void yamlSaysWhatJsonSays() throws IOException {
    fixture.ready("east").get("east").pod(ADDED, "a", "x", Map.of("on", "yes"), "n1", "Running");
    for (String path : List.of("/api/v1/pods", "/api/v1/namespaces/a/pods/x")) {
      RecordingExchange yaml = fixture.get(path, "accept", "application/yaml");
      // Written by a thread of its own.
      long end = System.nanoTime() + Duration.ofMinutes(1).toNanos();
      while (!yaml.ended() && System.nanoTime() < end) {
        Thread.onSpinWait();
        fixture.settle();
      }
      assertThat(yaml.header("content-type")).isEqualTo("application/yaml");
      assertThat(new YAMLMapper().readTree(yaml.bytes())).isEqualTo(json(fixture.get(path)));
      assertThat(new String(yaml.bytes(), UTF_8))
          .contains("\"on\": \"yes\"", "creationTimestamp: \"2023-11-14T22:13:20Z\"")
          .doesNotContain("---");
    }
  }

  @Test
  void theLastStateOfAMemberThatIsGoneIsShownWithAWarning() {
    FakeFeeds members = fixture.ready("east", "west");
    members.get("east").pod(ADDED, "a", "x");
    members.get("west").pod(ADDED, "a", "y");
    FakeFeed west = members.get("west");
    west.accept(west.pods, List.of(new FeedEvent.Unreachable("connection refused")));
    RecordingExchange list = fixture.get("/api/v1/pods");
    assertThat(names(json(list))).containsExactly("a/x@east", "a/y@west");
    assertThat(list.header("warning")).startsWith("299 - \"cluster west can't be reached");
    assertThat(fixture.get("/clusters/east/api/v1/pods").header("warning")).isNull();
    west.accept(west.pods, List.of(new FeedEvent.Reachable()));
    assertThat(fixture.get("/api/v1/pods").header("warning")).isNull();
  }

  @Test
  void aMemberThatLeavesTakesItsPodsAlong() {
    FakeFeeds members = fixture.ready("east", "west");
    members.get("east").pod(ADDED, "a", "x");
    members.get("west").pod(ADDED, "a", "y");
    members.get("west").pods.leave();
    members.get("east").pod(ADDED, "a", "z"); // applied after the leave
    assertThat(names(json(fixture.get("/api/v1/pods")))).containsExactly("a/x@east", "a/z@east");
  }

  @Test
  void preconditionsTranslateToTheMembersOwnVersion() {
    FakeFeed east = fixture.ready("east").get("east");
    east.pod(ADDED, "a", "x");
    long first =
        json(fixture.get("/api/v1/namespaces/a/pods/x")).at("/metadata/resourceVersion").asLong();
    var pods = CachedKind.PODS.resource();
    assertThat(fixture.cache.memberVersion(pods, "east", "a", "x", first)).hasValue(east.version);
    east.pod(MODIFIED, "a", "x");
    assertThat(fixture.cache.memberVersion(pods, "east", "a", "x", first)).isEmpty();
    assertThat(fixture.cache.owners(pods, "a", "x")).containsExactly("east");
  }

  @Test
  void aWriteIsKnownUnderTheVersionThatEverybodySees() {
    FakeFeed east = fixture.ready("east").get("east");
    var pods = CachedKind.PODS.resource();
    east.pod(ADDED, "a", "x");
    long written = east.version + 1;
    var minted = fixture.cache.minted(pods, "east", "a", "x", written);
    fixture.settle();
    assertThat(minted).isNotDone();
    east.pod(MODIFIED, "a", "x");
    long seen =
        json(fixture.get("/api/v1/namespaces/a/pods/x")).at("/metadata/resourceVersion").asLong();
    assertThat(minted.join()).hasValue(seen);
    east.pod(MODIFIED, "a", "x");
    assertThat(fixture.cache.minted(pods, "east", "a", "x", written).join()).hasValue(seen);
    var never = fixture.cache.minted(pods, "east", "a", "x", east.version + 100);
    fixture.advance(Duration.ofSeconds(3));
    assertThat(never.join()).isEmpty();
  }

  private static JsonNode json(RecordingExchange exchange) {
    assertThat(exchange.status()).isEqualTo(200);
    assertThat(exchange.ended()).isTrue();
    try {
      return JSON.readTree(exchange.bytes());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> names(JsonNode list) {
    List<String> names = new ArrayList<>();
    for (JsonNode item : list.get("items")) {
      JsonNode metadata = item.get("metadata");
      names.add(
          metadata.get("namespace").asText()
              + "/"
              + metadata.get("name").asText()
              + "@"
              + metadata.at("/labels/multicluster.io~1cluster").asText());
    }
    return names;
  }
}
