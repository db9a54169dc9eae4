package io.multicluster.cache.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.cache.CacheFeeds;
import io.multicluster.cache.CachedKind;
import io.multicluster.cache.FeedSink;
import io.multicluster.cache.Member;
import io.multicluster.cache.feed.ScriptedServer.Asked;
import io.multicluster.proxy.UpstreamConfig;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the control plane says of members decides how they are reached, also while running. */
class KarmadaMembersTest {
  private static final String CLUSTERS = "/apis/cluster.karmada.io/v1alpha1/clusters";
  private static final String MARKER =
      "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\","
          + "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n";
  private static final UpstreamConfig CONTROL_PLANE =
      UpstreamConfig.of(URI.create("https://one.example/")).withBearerToken("of-the-control-plane");

  private final ScriptedServer controlPlane = new ScriptedServer();
  private final Map<String, ScriptedServer> servers = new ConcurrentHashMap<>();
  private final MemberFeeds feeds =
      new MemberFeeds(new NoKinds(), (name, _) -> server(name), FeedSettings.DEFAULT);
  private final KarmadaMembers members =
      new KarmadaMembers(
          controlPlane,
          CONTROL_PLANE.withServers(
              List.of(URI.create("https://one.example/"), URI.create("https://two.example/base"))),
          Set.of("static"),
          feeds,
          FeedSettings.DEFAULT);

  /** A cache that wants nothing. */
  private static final class NoKinds implements CacheFeeds {
    @Override
    public List<CachedKind> kinds() {
      return List.of();
    }

    @Override
    public FeedSink join(CachedKind kind, Member member) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void membersKnown(Set<String> names) {}

    @Override
    public void removed(String name) {}
  }

  @BeforeEach
  void start() {
    members.start();
  }

  @AfterEach
  void stop() {
    members.close();
    feeds.close();
  }

  @Test
  void aMemberInPullModeIsReachedThroughTheControlPlane() throws Exception {
    Asked clusters = controlPlane.next();
    assertThat(clusters.head().path()).isEqualTo(CLUSTERS);
    clusters.open(200).send(event("ADDED", pull("far"))).send(MARKER);
    UpstreamConfig config = server("far").nextConfig();
    assertThat(config.servers())
        .containsExactly(
            URI.create("https://one.example" + CLUSTERS + "/far/proxy"),
            URI.create("https://two.example/base" + CLUSTERS + "/far/proxy"));
    assertThat(config.bearerToken()).isEqualTo("of-the-control-plane");
    assertThat(server("far").next().head().path()).isEqualTo("/api/v1/namespaces/kube-system");
    members.membersRead().get(60, TimeUnit.SECONDS);
  }

  @Test
  void aMemberInPushModeFollowsItsEndpointAndItsSecret() throws Exception {
    Asked clusters = controlPlane.next().open(200);
    clusters.send(event("ADDED", push("near", "https://a.example:6443"))).send(MARKER);
    Asked secrets = controlPlane.next().open(200);
    assertThat(secrets.head().path()).isEqualTo("/api/v1/namespaces/entries/secrets");
    assertThat(members.membersRead()).as("before its Secret is read").isNotDone();
    secrets.send(event("ADDED", secret("near", "first"))).send(MARKER);
    UpstreamConfig config = server("near").nextConfig();
    assertThat(config.servers()).containsExactly(URI.create("https://a.example:6443"));
    assertThat(config.bearerToken()).isEqualTo("first");
    members.membersRead().get(60, TimeUnit.SECONDS);

    secrets.send(event("MODIFIED", secret("near", "second")));
    assertThat(server("near").nextConfig()).isEqualTo(config.withBearerToken("second"));

    clusters.send(event("MODIFIED", push("near", "https://b.example:6443")));
    assertThat(server("near").nextConfig().servers())
        .containsExactly(URI.create("https://b.example:6443"));
  }

  @Test
  void aMemberWhoseObjectIsDeletedLeaves() throws Exception {
    Asked clusters = controlPlane.next().open(200);
    clusters.send(event("ADDED", pull("far"))).send(event("ADDED", pull("static"))).send(MARKER);
    server("far").nextConfig();
    assertThat(feeds.clients()).as("the configuration's own wins").containsOnlyKeys("far");
    clusters.send(event("DELETED", pull("far")));
    server("far").awaitClose();
    assertThat(feeds.clients()).isEmpty();
  }

  private ScriptedServer server(String name) {
    return servers.computeIfAbsent(name, _ -> new ScriptedServer());
  }

  private static String event(String type, String object) {
    return "{\"type\":\"%s\",\"object\":%s}\n".formatted(type, object);
  }

  private static String pull(String name) {
    return """
    {"metadata":{"name":"%s","resourceVersion":"3"},"spec":{"syncMode":"Pull"}}\
    """
        .formatted(name);
  }

  private static String push(String name, String endpoint) {
    return """
    {"metadata":{"name":"%s","resourceVersion":"4"},"spec":{"syncMode":"Push","apiEndpoint":"%s",\
    "secretRef":{"namespace":"entries","name":"%s"}}}\
    """
        .formatted(name, endpoint, name);
  }

  private static String secret(String name, String token) {
    return """
    {"metadata":{"namespace":"entries","name":"%s","resourceVersion":"5"},"data":{"token":"%s"}}\
    """
        .formatted(
            name, Base64.getEncoder().encodeToString(token.getBytes(StandardCharsets.UTF_8)));
  }
}
