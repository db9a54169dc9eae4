package io.multicluster.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.resource.GroupVersionResource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of members with faults, seen by clients that list, stream, watch, hang up, read
 * slowly and resume: what they hold in the end is the union of the members, and no event was lost,
 * repeated or out of order.
 */
class WatchPropertyTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final GroupVersionResource PODS = new GroupVersionResource("", "v1", "pods");

  static List<Long> seeds() {
    List<Long> seeds = new ArrayList<>();
    for (long seed = 1; seed <= Long.getLong("cache.seeds", 25); seed++) {
      seeds.add(seed);
    }
    return seeds;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void clientsHoldTheUnionOfTheMembers(long seed) {
    try (World world = new World(seed)) {
      for (int i = 0; i < 600; i++) {
        world.step();
      }
      world.settle();
    }
  }

  /** What a client asks for, and which pods that are. */
  private record Scope(String path, String selector, BiPredicate<String, FakeMember.Pod> wanted) {}

  private static final List<Scope> SCOPES =
      List.of(
          new Scope("/api/v1/pods", "", (cluster, pod) -> true),
          new Scope("/api/v1/namespaces/a/pods", "", (cluster, pod) -> pod.namespace().equals("a")),
          new Scope(
              "/api/v1/pods",
              "&labelSelector=app%3Dapp1",
              (cluster, pod) -> "app1".equals(pod.labels().get("app"))),
          new Scope(
              "/api/v1/pods",
              "&fieldSelector=spec.nodeName%3Dnode1",
              (cluster, pod) -> pod.node().equals("node1")),
          new Scope(
              "/api/v1/namespaces/b/pods",
              "&fieldSelector=spec.nodeName%3Dnode2,status.phase%3DRunning",
              (cluster, pod) ->
                  pod.namespace().equals("b")
                      && pod.node().equals("node2")
                      && pod.phase().equals("Running")),
          new Scope(
              "/api/v1/pods",
              "&fieldSelector=metadata.name%3Dp3",
              (cluster, pod) -> pod.name().equals("p3")),
          new Scope(
              "/clusters/west/api/v1/pods",
              "&labelSelector=app%20notin%20(app0)",
              (cluster, pod) -> cluster.equals("west") && !"app0".equals(pod.labels().get("app"))));

  private static final class World implements AutoCloseable {
    private final Random random;
    private final String about;
    private final boolean shortLog;
    private final CacheFixture fixture;
    private final List<FakeMember> members = new ArrayList<>();
    private final List<Client> clients = new ArrayList<>();

    /** Each state that any client was shown, by resourceVersion. */
    private final Map<Long, ObjectNode> shown = new TreeMap<>();

    World(long seed) {
      random = new Random(seed);
      about = "seed " + seed;
      shortLog = random.nextInt(3) == 0;
      fixture =
          new CacheFixture(
              new LogLimits(shortLog ? 60_000 : 1 << 30, Duration.ofHours(1)),
              random.nextBoolean() ? 16 << 20 : 2_000);
      fixture.ready("always");
      for (String name : List.of("east", "west", "north")) {
        members.add(new FakeMember(fixture.cache, name, random));
      }
      for (int i = 0; i < 10; i++) {
        clients.add(new Client(SCOPES.get(i % SCOPES.size())));
      }
    }

    void step() {
      FakeMember member = members.get(random.nextInt(members.size()));
      Client client = clients.get(random.nextInt(clients.size()));
      switch (random.nextInt(40)) {
        case 0 -> {
          if (member.joined()) {
            member.leave();
          } else {
            member.join();
          }
        }
        case 1 -> member.rebuild();
        case 2 -> member.compact();
        case 3 -> member.breakOff();
        case 4 -> fixture.advance(Duration.ofSeconds(random.nextInt(20)));
        case 5 -> client.hangUp();
        case 6 -> client.readSlowly();
        case 7, 8, 9, 10 -> fixture.settle();
        case 11, 12, 13, 14, 15, 16, 17, 18 -> client.step();
        case 19, 20, 21, 22, 23, 24, 25, 26 -> member.mutate();
        default -> member.step();
      }
    }

    void settle() {
      members.forEach(FakeMember::catchUp);
      fixture.settle();
      for (Client client : clients) {
        client.readAll();
        Map<String, Long> expected = new TreeMap<>();
        for (FakeMember member : members) {
          if (member.joined()) {
            for (FakeMember.Pod pod : member.pods().values()) {
              if (client.scope.wanted.test(member.name(), pod)) {
                expected.put(pod.namespace() + "/" + pod.name() + "@" + member.name(), 0L);
              }
            }
          }
        }
        assertThat(client.state.keySet())
            .as("%s, %s", about, client.scope)
            .isEqualTo(expected.keySet());
        assertThat(client.state).as("%s, %s", about, client.scope).isEqualTo(client.fresh());
        if (!shortLog) {
          assertThat(client.relists).as("%s: relists", about).isZero();
        }
      }
      checkPreconditions();
    }

    /** A resourceVersion sent back stands for the member's own, as long as its state is there. */
    private void checkPreconditions() {
      Map<String, Long> present = new Client(SCOPES.getFirst()).fresh();
      for (FakeMember member : members) {
        if (member.joined()) {
          for (FakeMember.Pod pod : member.pods().values()) {
            String key = pod.namespace() + "/" + pod.name() + "@" + member.name();
            assertThat(
                    fixture.cache.memberVersion(
                        PODS,
                        member.name(),
                        pod.namespace(),
                        pod.name(),
                        present.getOrDefault(key, 0L)))
                .as("%s, %s", about, key)
                .hasValue(pod.version());
          }
        }
      }
      shown.forEach((version, object) -> {
        if (!version.equals(present.get(key(object)))) {
          JsonNode metadata = object.path("metadata");
          assertThat(
                  fixture.cache.memberVersion(
                      PODS,
                      cluster(object),
                      metadata.path("namespace").asText(),
                      metadata.path("name").asText(),
                      version))
              .as("%s, %s", about, object)
              .isEmpty();
        }
      });
    }

    /** The resourceVersion of anything, in the form that clients compare as integers. */
    private long version(JsonNode object) {
      String text = object.at("/metadata/resourceVersion").asText();
      assertThat(text).as("%s: %s", about, object).matches("[1-9][0-9]{0,18}");
      return Long.parseLong(text);
    }

    /** The resourceVersion of an object, under which nobody is ever shown another state. */
    private long state(JsonNode object) {
      long version = version(object);
      ObjectNode state = object.deepCopy();
      state.remove(List.of("kind", "apiVersion"));
      assertThat(shown.computeIfAbsent(version, _ -> state)).as(about).isEqualTo(state);
      return version;
    }

    @Override
    public void close() {
      fixture.close();
    }

    /** As strict as no real client: each event must fit what it holds. */
    private final class Client {
      final Scope scope;
      Map<String, Long> state = new TreeMap<>();
      int relists;
      private long position;
      private @Nullable RecordingExchange watch;
      private @Nullable Map<String, Long> streamed;
      private final ByteArrayOutputStream line = new ByteArrayOutputStream();

      Client(Scope scope) {
        this.scope = scope;
      }

      void step() {
        if (watch == null) {
          connect();
        }
        read();
      }

      void hangUp() {
        RecordingExchange open = watch;
        if (open != null) {
          read();
          open.hangUp();
          watch = null;
        }
      }

      void readSlowly() {
        RecordingExchange open = watch;
        if (open != null) {
          open.window(random.nextInt(2000));
        }
      }

      void readAll() {
        for (int i = 0; i < 5; i++) {
          if (watch == null) {
            connect();
          }
          RecordingExchange open = watch;
          if (open != null) {
            open.window(Long.MAX_VALUE);
          }
          fixture.settle();
          read();
        }
        assertThat(watch).as(about).isNotNull();
      }

      private void connect() {
        line.reset();
        streamed = null;
        String bookmarks = "&allowWatchBookmarks=true&timeoutSeconds=" + (30 + random.nextInt(300));
        if (position == 0 && random.nextBoolean()) {
          streamed = new TreeMap<>();
          watch =
              fixture.get(
                  scope.path
                      + "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                      + bookmarks
                      + scope.selector);
          return;
        }
        if (position == 0) {
          list();
        }
        watch =
            fixture.get(
                scope.path + "?watch=1&resourceVersion=" + position + bookmarks + scope.selector);
      }

      /** In pages, between which the world goes on. */
      private void list() {
        state = new TreeMap<>();
        String token = "";
        do {
          JsonNode page =
              json(
                  fixture.get(
                      scope.path
                          + "?limit="
                          + (1 + random.nextInt(8))
                          + (token.isEmpty() ? "" : "&continue=" + token)
                          + scope.selector));
          page.get("items").forEach(item -> put(state, item));
          position = version(page);
          for (JsonNode item : page.get("items")) {
            assertThat(version(item)).as(about).isLessThanOrEqualTo(position);
          }
          token = page.at("/metadata/continue").asText();
          FakeMember member = members.get(random.nextInt(members.size()));
          member.mutate();
          member.step();
        } while (!token.isEmpty());
      }

      Map<String, Long> fresh() {
        Map<String, Long> fresh = new TreeMap<>();
        json(fixture.get(scope.path + "?limit=0" + scope.selector))
            .get("items")
            .forEach(item -> put(fresh, item));
        return fresh;
      }

      private void read() {
        RecordingExchange open = watch;
        if (open == null) {
          return;
        }
        for (byte b : open.takeBytes()) {
          if (b == '\n') {
            event(json(line.toByteArray()));
            line.reset();
          } else {
            line.write(b);
          }
        }
        if (open.ended() && watch == open) {
          watch = null;
        }
      }

      private void event(JsonNode event) {
        JsonNode object = event.get("object");
        String type = event.get("type").asText();
        if (type.equals("ERROR")) {
          assertThat(object.get("code").asInt()).as("%s: %s", about, event).isEqualTo(410);
          relists++;
          position = 0;
          state = new TreeMap<>();
          watch = null;
          return;
        }
        long version = version(object);
        Map<String, Long> initial = streamed;
        if (initial != null) {
          if (type.equals("BOOKMARK")) {
            assertThat(object.at("/metadata/annotations/k8s.io~1initial-events-end").asText())
                .isEqualTo("true");
            state = initial;
            streamed = null;
            position = version;
          } else {
            assertThat(type).isEqualTo("ADDED");
            assertThat(put(initial, object)).as(about).isNull();
          }
          return;
        }
        assertThat(version)
            .as("%s: %s", about, event)
            .isGreaterThanOrEqualTo(type.equals("BOOKMARK") ? position : position + 1);
        position = version;
        switch (type) {
          case "ADDED" -> assertThat(put(state, object)).as("%s: %s", about, event).isNull();
          case "MODIFIED" -> assertThat(put(state, object)).as("%s: %s", about, event).isNotNull();
          case "DELETED" ->
              assertThat(state.remove(key(object))).as("%s: %s", about, event).isNotNull();
          case "BOOKMARK" -> {}
          default -> fail(type);
        }
      }

      private @Nullable Long put(Map<String, Long> map, JsonNode object) {
        return map.put(key(object), state(object));
      }
    }
  }

  private static String key(JsonNode object) {
    JsonNode metadata = object.get("metadata");
    return metadata.get("namespace").asText()
        + "/"
        + metadata.get("name").asText()
        + "@"
        + cluster(object);
  }

  private static String cluster(JsonNode object) {
    return object.at("/metadata/labels/multicluster.io~1cluster").asText();
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
