package io.multicluster.cache;

import static io.multicluster.cache.FeedEvent.ChangeType.ADDED;
import static io.multicluster.cache.FeedEvent.ChangeType.DELETED;
import static io.multicluster.cache.FeedEvent.ChangeType.MODIFIED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.wire.resource.GroupVersionResource;
import io.multicluster.wire.status.ApiException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients and members notice of a gateway that starts again on the files of the last one. */
class RestartTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final CachedKind THINGS =
      new CachedKind(
          new GroupVersionResource("example.com", "v1", "things"),
          "Thing",
          true,
          CachedKind.Encoding.JSON);

  @TempDir private Path folder;
  private CacheFixture fixture;
  private final List<CacheFixture> started = new ArrayList<>();

  @BeforeEach
  void start() {
    fixture =
        new CacheFixture(new LogLimits(256 << 20, Duration.ofHours(2)), 16 << 20, folder, THINGS);
    started.add(fixture);
  }

  @AfterEach
  void close() {
    started.forEach(CacheFixture::close);
  }

  private void restart() {
    fixture.close();
    start();
  }

  /** And waits until the member is there again, of those that are known. */
  private void restart(String member, String... known) {
    restart();
    fixture.rejoin(member);
    fixture.cache.membersKnown(Set.of(known));
    fixture.settle();
  }

  private List<Path> files(String suffix) throws IOException {
    return list(folder.resolve("pods")).stream()
        .filter(file -> file.toString().endsWith(suffix))
        .toList();
  }

  @Test
  void watchesAndPagesGoOnWhereTheyWere() throws IOException {
    CacheFixture.FakeFeed east = fixture.ready("east").get("east");
    for (int i = 0; i < 5; i++) {
      east.pod(ADDED, "a", "p" + i);
    }
    JsonNode page = json(fixture.get("/api/v1/pods?limit=2"));
    String seen = page.at("/metadata/resourceVersion").asText();
    east.pod(MODIFIED, "a", "p1");
    east.pod(DELETED, "a", "p4");
    JsonNode before = json(fixture.get("/api/v1/pods"));

    restart();
    CacheFixture.FakeFeed again = fixture.rejoin("east");
    assertThat(again.pods.resumeFrom()).isEqualTo(Long.toString(east.version));
    fixture.cache.membersKnown(Set.of("east"));
    fixture.settle();
    assertThat(fixture.cache.ready()).isTrue();
    assertThat(json(fixture.get("/api/v1/pods"))).isEqualTo(before);
    assertThat(
            names(
                json(
                    fixture.get(
                        "/api/v1/pods?limit=9&continue="
                            + page.at("/metadata/continue").asText()))))
        .containsExactly("p2", "p3", "p4");
    assertThat(
            names(
                json(
                    fixture.get(
                        "/api/v1/pods?resourceVersionMatch=Exact&resourceVersion=" + seen))))
        .hasSize(5);
    RecordingExchange watch = fixture.get("/api/v1/pods?watch=1&resourceVersion=" + seen);
    again.version = east.version;
    again.pod(ADDED, "a", "p9");
    assertThat(events(watch)).containsExactly("MODIFIED p1", "DELETED p4", "ADDED p9");
  }

  @Test
  void positionsOutliveRestartsInQuickSuccession() throws IOException {
    CacheFixture.FakeFeed east = fixture.ready("east").get("east");
    east.pod(ADDED, "a", "p");
    String seen = json(fixture.get("/api/v1/pods")).at("/metadata/resourceVersion").asText();
    east.pod(MODIFIED, "a", "p");
    for (int i = 0; i < 4; i++) {
      restart("east", "east");
      assertThat(events(fixture.get("/api/v1/pods?watch=1&resourceVersion=" + seen)))
          .as("restart %d", i)
          .containsExactly("MODIFIED p");
    }
    assertThat(files(".checkpoint")).as("the first one and the last").hasSize(2);
    assertThat(files(".log")).hasSize(5);

    for (Path file : list(folder.resolve("pods"))) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(301)));
    }
    restart("east", "east");
    assertThat(files(".log")).as("the last before was long ago").hasSize(2);
    assertThat(files(".checkpoint")).hasSize(2);
    assertThat(text(fixture.get("/api/v1/pods?watch=1&resourceVersion=" + seen)))
        .contains("MODIFIED");
    restart("east", "east");
    assertThat(text(fixture.get("/api/v1/pods?watch=1&resourceVersion=" + seen)))
        .contains("\"code\":410");
  }

  @Test
  void objectsInJsonAndEventsComeBackAsWell() throws IOException {
    CacheFixture.FakeFeed east = fixture.ready("east").get("east");
    east.event(ADDED, "a", "e1", "uid-1");
    String thing =
        "{\"kind\":\"Thing\",\"metadata\":{\"name\":\"t\",\"namespace\":\"a\",\"uid\":\"u\","
            + "\"resourceVersion\":\"7\",\"labels\":{\"l\":\"1\"}},\"x\":1.50}";
    east.accept(east.sink(THINGS), List.of(FeedEvents.change(ADDED, thing.getBytes(UTF_8))));
    List<String> paths =
        List.of(
            "/apis/example.com/v1/things?labelSelector=l%3D1",
            "/api/v1/events?fieldSelector=involvedObject.uid%3Duid-1",
            "/apis/events.k8s.io/v1/namespaces/a/events/e1");
    List<String> before = paths.stream().map(path -> text(fixture.get(path))).toList();
    restart("east", "east");
    assertThat(paths.stream().map(path -> text(fixture.get(path))).toList()).isEqualTo(before);
    assertThat(before.getFirst()).contains("\"x\":1.50");
  }

  @Test
  void aMemberThatCanNotBeReachedStaysInSightWithAWarning() throws IOException {
    CacheFixture.FakeFeed east = fixture.ready("east", "west").get("east");
    east.pod(ADDED, "a", "p");
    restart("west", "east", "west");
    RecordingExchange list = fixture.get("/api/v1/pods");
    assertThat(names(json(list))).containsExactly("p");
    assertThat(list.header("warning")).contains("east");
    fixture.rejoin("east");
    fixture.settle();
    assertThat(fixture.get("/api/v1/pods").header("warning")).isNull();
  }

  @Test
  void aMemberThatLeftMeanwhileIsDeletedFromOpenWatchesToo() throws IOException {
    CacheFixture.FakeFeed east = fixture.ready("east", "west").get("east");
    east.pod(ADDED, "a", "p");
    String seen = json(fixture.get("/api/v1/pods")).at("/metadata/resourceVersion").asText();
    restart("west", "west");
    assertThat(names(json(fixture.get("/api/v1/pods")))).isEmpty();
    assertThat(events(fixture.get("/api/v1/pods?watch=1&resourceVersion=" + seen)))
        .containsExactly("DELETED p");

    // One that the control plane took out before it could be reached.
    restart();
    fixture.cache.membersKnown(Set.of("west"));
    fixture.cache.removed("west");
    fixture.join("north");
    assertThat(fixture.cache.members().values())
        .allSatisfy(members ->
            assertThat(members).extracting(status -> status.member().name()).containsOnly("north"));
  }

  @Test
  void whatWasWrittenOfAnotherKindOfStateIsNotTaken() throws IOException {
    CacheFixture.FakeFeed east = fixture.ready("east").get("east");
    east.pod(ADDED, "a", "p");
    fixture.close();
    Files.createDirectories(folder.resolve("things.example.com"));
    for (Path file : list(folder.resolve("pods"))) {
      Files.copy(
          file,
          folder.resolve("things.example.com").resolve(file.getFileName()),
          StandardCopyOption.REPLACE_EXISTING);
    }
    start();
    assertThat(fixture.rejoin("east").sink(THINGS).resumeFrom()).isEmpty();
    assertThat(fixture.join("west").pods.resumeFrom()).isNotEmpty();
  }

  @Test
  void filesThatAreDamagedMakeAColdStartThatRefusesOldPositions() throws IOException {
    CacheFixture.FakeFeed east = fixture.ready("east").get("east");
    east.pod(ADDED, "a", "p");
    String seen = json(fixture.get("/api/v1/pods")).at("/metadata/resourceVersion").asText();
    fixture.close();
    for (Path file : list(folder.resolve("pods"))) {
      if (file.toString().endsWith(".checkpoint")) {
        Files.writeString(file, "not this");
      }
    }
    start();
    CacheFixture.FakeFeed again = fixture.rejoin("east");
    assertThat(again.pods.resumeFrom()).isEmpty();
    fixture.cache.membersKnown(Set.of("east"));
    fixture.cache.kinds().forEach(kind -> again.list(again.sink(kind), 1));
    assertThat(fixture.cache.ready()).isTrue();
    assertThat(text(fixture.get("/api/v1/pods?watch=1&resourceVersion=" + seen)))
        .contains("\"type\":\"ERROR\"", "\"code\":410");
    assertThatThrownBy(
            () -> fixture.get("/api/v1/pods?resourceVersionMatch=Exact&resourceVersion=" + seen))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(410));
  }

  @Test
  void aFolderInUseIsLeftAlone() throws IOException {
    fixture.ready("east").get("east").pod(ADDED, "a", "p");
    start();
    assertThat(fixture.rejoin("east").pods.resumeFrom()).isEmpty();
    started.forEach(CacheFixture::close);
    start();
    assertThat(fixture.rejoin("east").pods.resumeFrom()).isNotEmpty();
  }

  @Test
  void filesAreForTheirOwnerOnly() throws IOException {
    fixture.ready("east");
    assertThat(Files.getPosixFilePermissions(folder.resolve("pods"))).hasSize(3);
    for (Path file : list(folder.resolve("pods"))) {
      if (!file.endsWith("lock")) {
        assertThat(Files.getPosixFilePermissions(file)).as(file.toString()).hasSize(2);
      }
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private static List<String> names(JsonNode list) {
    List<String> names = new ArrayList<>();
    list.get("items").forEach(item -> names.add(item.at("/metadata/name").asText()));
    return names;
  }

  private static List<String> events(RecordingExchange watch) throws IOException {
    List<String> events = new ArrayList<>();
    for (String line : text(watch).lines().toList()) {
      JsonNode event = JSON.readTree(line);
      events.add(event.get("type").asText() + " " + event.at("/object/metadata/name").asText());
    }
    return events;
  }

  private static String text(RecordingExchange exchange) {
    return new String(exchange.bytes(), UTF_8);
  }

  private static JsonNode json(RecordingExchange exchange) throws IOException {
    return JSON.readTree(exchange.bytes());
  }
}
