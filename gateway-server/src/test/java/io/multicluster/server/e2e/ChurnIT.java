package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequest;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.multicluster.server.GatewayProcess;
import io.multicluster.testclusters.ClusterProvider;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.Folders;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import io.multicluster.testclusters.federation.FederationWorld;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/**
 * Clients of client-go and fabric8 follow pods and events through a gateway while those are made,
 * changed and deleted in three real members and everything that can fail does: members are killed,
 * stopped, forget their past, leave, join and move; the gateway is killed. Each client must be told
 * of exactly what happened, without listing ever again.
 *
 * <p>{@code -Dchurn.seconds=300} goes on with faults at random for that long, {@code -Dchurn.seed}
 * chooses them.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class ChurnIT {
  private static final long SECONDS = Long.getLong("churn.seconds", 0);
  private static final long SEED = Long.getLong("churn.seed", System.nanoTime());
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Only ever stopped for a while, so that every one of its writes must be seen. */
  private static final String CALM = "test1";

  /** Has no watch cache, and forgets its past within seconds. */
  private static final String FORGETFUL = "test2";

  private static final String TRAVELLER = "test3";

  /** Of the accounts with which a federation enters its members, and of their tokens. */
  private static final String ACCOUNTS = "karmada-cluster";

  private static final String PODS = "/api/v1/namespaces/churn/pods";
  private static final String EVENTS = "/api/v1/namespaces/churn/events";
  private static final String NEW_EVENTS = "/apis/events.k8s.io/v1/namespaces/churn/events";
  private static final String TWINS = "/api/v1/namespaces/twins/pods";

  /** The followers, and where what they follow is read. */
  private static final Map<String, String> FOLLOWERS = new LinkedHashMap<>();

  static {
    FOLLOWERS.put("pods/protobuf/watchlist/churn", PODS);
    FOLLOWERS.put("pods/json/watchlist/churn", PODS);
    FOLLOWERS.put("pods/protobuf/list/churn", PODS);
    FOLLOWERS.put("pods/json/list/churn", PODS);
    FOLLOWERS.put("pods/protobuf/informer/churn", PODS);
    FOLLOWERS.put("pods/protobuf/list/twins", TWINS);
    FOLLOWERS.put("events/protobuf/watchlist/churn", EVENTS);
    FOLLOWERS.put("events/json/list/churn", EVENTS);
    FOLLOWERS.put("events.events.k8s.io/protobuf/list/churn", NEW_EVENTS);
    FOLLOWERS.put("events.events.k8s.io/json/watchlist/churn", NEW_EVENTS);
  }

  private final Path folder = Path.of("target", "churn").toAbsolutePath();
  private final Random random = new Random(SEED);
  private final List<AutoCloseable> started = new ArrayList<>();
  private final Map<String, MemberChurn> churns = new TreeMap<>();

  @SuppressWarnings("NullAway.Init")
  private FederationWorld world;

  @SuppressWarnings("NullAway.Init")
  private GatewayProcess gateway;

  /** A fault, with what ends it. */
  @FunctionalInterface
  private interface Fault {
    void happen() throws Exception;
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable part : started.reversed()) {
      part.close();
    }
  }

  @Test
  void clientsAreToldExactlyWhatHappenedWhateverFails() throws Exception {
    RealClusters.assumeAvailable();
    System.err.println("churn.seed=" + SEED + ", logs in " + folder);
    Folders.clear(folder); // Of an earlier run.
    Files.createDirectories(folder);
    // It reports each WebSocket that breaks, with a stack trace.
    ((Logger) LoggerFactory.getLogger("io.fabric8.kubernetes.client.jdkhttp")).setLevel(Level.OFF);
    world = FederationWorld.start(clusters(), folder, false, System.err::println);
    started.add(world);
    for (TestCluster member : world.members()) {
      MemberChurn churn = MemberChurn.start(member, random.nextLong());
      churns.put(member.name(), churn);
      started.add(churn);
    }
    awaitWrites(churns.keySet(), 30);
    gateway = new GatewayProcess(folder, world.controlPlane());
    started.add(gateway);
    gateway.start();
    Path kubeconfig = folder.resolve("gateway.kubeconfig");
    Files.writeString(kubeconfig, gateway.kubeconfig().yaml());
    Reflectors reflectors = Reflectors.start(folder, kubeconfig, List.copyOf(FOLLOWERS.keySet()));
    started.add(reflectors);
    Fabric8Informer informer =
        Fabric8Informer.start(
            Config.fromKubeconfig(gateway.kubeconfig().yaml()), MemberChurn.NAMESPACE);
    started.add(informer);
    Awaitility.await("the reflectors have listed")
        .atMost(Duration.ofMinutes(2))
        .until(reflectors::synced);
    int followedSince = churn(CALM).latest();

    for (Fault fault : faults().values()) {
      fault.happen();
      awaitWrites(churns.keySet(), 10);
    }
    long end = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
    while (SECONDS > 0 && System.nanoTime() < end) {
      List<Fault> all = List.copyOf(faults().values());
      all.get(random.nextInt(all.size())).happen();
      awaitWrites(churns.keySet(), random.nextInt(30));
    }
    churns.values().forEach(MemberChurn::close);

    for (Map.Entry<String, String> follower : FOLLOWERS.entrySet()) {
      awaitEqual(reflectors, follower.getKey(), follower.getValue());
    }
    awaitEqual(informer);
    assertThat(informer.violations()).isEmpty();
    assertThat(informer.lists()).as("lists of the fabric8 informer").isEqualTo(1);
    judge(reflectors.end(), followedSince);
  }

  /** Every kind of fault, in an order in which each meets what the one before left. */
  private Map<String, Fault> faults() {
    Map<String, Fault> faults = new LinkedHashMap<>();
    faults.put("a member stops and goes on", this::pauseMember);
    faults.put("a member is killed", this::killMember);
    faults.put("a member moves, and its old credentials end", this::moveMember);
    faults.put("the gateway is killed", this::killGateway);
    faults.put("a member leaves and joins", this::leaveAndJoin);
    faults.put("a member forgets while the gateway is away", this::forget);
    faults.put("the gateway starts while a member is away", this::startWithoutMember);
    faults.replaceAll((name, fault) ->
        () -> {
          System.err.println(name);
          fault.happen();
        });
    return faults;
  }

  private void pauseMember() {
    TestCluster member = world.member(CALM);
    member.pause();
    awaitWrites(List.of(FORGETFUL, TRAVELLER), 10);
    member.resume();
  }

  private void killMember() {
    TestCluster member = world.member(random.nextBoolean() ? FORGETFUL : TRAVELLER);
    member.kill();
    awaitWarning(member.name(), true);
    awaitWrites(List.of(CALM), 10);
    member.restart();
    awaitWarning(member.name(), false);
  }

  /**
   * The control plane learns of another endpoint and another token; the account of the old token is
   * deleted, and the member forgets whom it has let in already.
   */
  private void moveMember() throws Exception {
    TestCluster member = world.member(TRAVELLER);
    String server = member.access().server().toString();
    String moved = server.replace("127.0.0.1", "localhost");
    try (KubernetesClient client = member.access().client();
        KubernetesClient controlPlane = world.controlPlane().access().client()) {
      var clusters =
          controlPlane
              .genericKubernetesResources("cluster.karmada.io/v1alpha1", "Cluster")
              .withName(TRAVELLER);
      boolean isAway = clusters.require().getAdditionalProperties().toString().contains(moved);
      var accounts = client.serviceAccounts().inNamespace(ACCOUNTS);
      accounts.withName("karmada").delete();
      accounts
          .resource(
              new ServiceAccountBuilder()
                  .withNewMetadata()
                  .withName("karmada")
                  .endMetadata()
                  .build())
          .create();
      String token =
          accounts.withName("karmada").tokenRequest(new TokenRequest()).getStatus().getToken();
      controlPlane
          .secrets()
          .inNamespace(ACCOUNTS)
          .withName(TRAVELLER)
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              "{\"stringData\":{\"token\":\"%s\"}}".formatted(token));
      clusters.patch(
          PatchContext.of(PatchType.JSON_MERGE),
          "{\"spec\":{\"apiEndpoint\":\"%s\"}}".formatted(isAway ? server : moved));
    }
    member.kill();
    awaitWarning(TRAVELLER, true);
    member.restart();
    awaitWarning(TRAVELLER, false);
  }

  /** Waits until answers say that what they show of a member is old, or no longer say so. */
  private void awaitWarning(String member, boolean expected) {
    Awaitility.await("a warning of " + member + ": " + expected)
        .atMost(Duration.ofMinutes(2))
        .until(() ->
            gateway.warnings(PODS).stream().anyMatch(warning -> warning.contains(member))
                == expected);
  }

  private void killGateway() throws Exception {
    gateway.kill();
    awaitWrites(churns.keySet(), random.nextInt(20));
    gateway.start();
  }

  private void leaveAndJoin() throws Exception {
    TestCluster member = world.leave(TRAVELLER);
    Awaitility.await("its pods are gone")
        .atMost(Duration.ofMinutes(2))
        .until(() -> !gateway.get(PODS).contains("\"multicluster.io/cluster\":\"test3\""));
    world.join(member);
    Awaitility.await("its pods are back")
        .atMost(Duration.ofMinutes(2))
        .until(() -> gateway.get(PODS).contains("\"multicluster.io/cluster\":\"test3\""));
  }

  /** The gateway comes back too late to go on where it was. */
  private void forget() throws Exception {
    gateway.kill();
    try (KubernetesClient client = world.member(FORGETFUL).access().client()) {
      String before = client.pods().list().getMetadata().getResourceVersion();
      Awaitility.await("the past is compacted")
          .atMost(Duration.ofMinutes(2))
          .until(() ->
              Objects.requireNonNull(
                      client.raw(
                          "/api/v1/pods?watch=true&timeoutSeconds=1&resourceVersion=" + before))
                  .contains("\"code\":410"));
    }
    int relists = relists();
    gateway.start();
    Awaitility.await("the member is listed again")
        .atMost(Duration.ofMinutes(2))
        .until(() -> relists() > relists);
  }

  private int relists() throws IOException {
    return gateway.log().split("the position is too old, listing again", -1).length;
  }

  private void startWithoutMember() throws Exception {
    TestCluster member = world.member(TRAVELLER);
    member.kill();
    gateway.kill();
    awaitWrites(List.of(CALM), 10);
    gateway.start();
    member.restart();
  }

  /** Waits until each of the members has acknowledged so many more writes. */
  private void awaitWrites(Collection<String> members, int more) {
    Map<String, Integer> before =
        members.stream().collect(Collectors.toMap(name -> name, name -> churn(name).writes()));
    Awaitility.await("writes of " + members)
        .atMost(Duration.ofMinutes(2))
        .until(() ->
            before.entrySet().stream()
                .allMatch(entry -> churn(entry.getKey()).writes() >= entry.getValue() + more));
  }

  private MemberChurn churn(String member) {
    return Objects.requireNonNull(churns.get(member));
  }

  private void awaitEqual(Reflectors reflectors, String follower, String path) {
    Awaitility.await(follower + " equals the gateway, and the gateway the members' union")
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofSeconds(1))
        .untilAsserted(() -> {
          Map<String, JsonNode> atGateway = byKey(JSON.readTree(gateway.get(path)), "");
          assertSame(stripped(atGateway), union(path));
          assertSame(
              reflectors.dump().getOrDefault(follower, Map.of()).entrySet().stream()
                  .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)),
              atGateway);
        });
  }

  private void awaitEqual(Fabric8Informer informer) {
    Awaitility.await("fabric8's informer equals the gateway")
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofSeconds(1))
        .untilAsserted(() -> {
          Map<String, JsonNode> expected = new HashMap<>();
          for (JsonNode item : JSON.readTree(gateway.get(PODS)).path("items")) {
            expected.put(key(item, ""), viaFabric8(item));
          }
          Map<String, JsonNode> held = new HashMap<>();
          for (var pod : informer.held()) {
            JsonNode tree = JSON.readTree(Serialization.asJson(pod));
            held.put(key(tree, ""), tree);
          }
          assertSame(held, expected);
        });
  }

  private static JsonNode viaFabric8(JsonNode pod) throws IOException {
    return JSON.readTree(
        Serialization.asJson(
            Serialization.unmarshal(pod.toString(), io.fabric8.kubernetes.api.model.Pod.class)));
  }

  private static void assertSame(Map<String, JsonNode> actual, Map<String, JsonNode> expected) {
    assertThat(new TreeSet<>(actual.keySet())).isEqualTo(new TreeSet<>(expected.keySet()));
    expected.forEach((key, object) -> assertThat(actual.get(key)).as(key).isEqualTo(object));
  }

  /** What all members have, as objects are at their members. */
  private Map<String, JsonNode> union(String path) throws IOException {
    Map<String, JsonNode> union = new HashMap<>();
    for (TestCluster member : world.members()) {
      try (KubernetesClient client = member.access().client()) {
        union.putAll(byKey(JSON.readTree(client.raw(path)), member.name()));
      }
    }
    union.values().forEach(ChurnIT::removeVersion);
    return union;
  }

  private static Map<String, JsonNode> stripped(Map<String, JsonNode> objects) {
    Map<String, JsonNode> stripped = new HashMap<>();
    objects.forEach((key, object) -> stripped.put(key, object.deepCopy()));
    for (JsonNode object : stripped.values()) {
      ObjectNode metadata = (ObjectNode) object.path("metadata");
      removeVersion(object);
      remove(metadata, "labels", "multicluster.io/cluster");
      remove(metadata, "annotations", "resource.karmada.io/cached-from-cluster");
    }
    return stripped;
  }

  private static void removeVersion(JsonNode object) {
    ((ObjectNode) object.path("metadata")).remove("resourceVersion");
  }

  private static void remove(ObjectNode metadata, String map, String key) {
    ObjectNode entries = (ObjectNode) metadata.path(map);
    entries.remove(key);
    if (entries.isEmpty()) {
      metadata.remove(map);
    }
  }

  private static Map<String, JsonNode> byKey(JsonNode list, String cluster) {
    Map<String, JsonNode> objects = new HashMap<>();
    list.path("items").forEach(item -> objects.put(key(item, cluster), item));
    return objects;
  }

  /**
   * @param cluster empty: its label tells
   */
  private static String key(JsonNode object, String cluster) {
    JsonNode metadata = object.path("metadata");
    return metadata.path("namespace").asText()
        + "/"
        + metadata.path("name").asText()
        + "@"
        + (cluster.isEmpty()
            ? metadata.path("labels").path("multicluster.io/cluster").asText()
            : cluster);
  }

  /**
   * Once the reflectors have ended.
   *
   * @param since the last write that they may have listed
   */
  private void judge(List<FollowerHistory> histories, int since) {
    assertThat(histories)
        .allSatisfy(history ->
            assertThat(history.violations()).as("violations of %s", history.name()).isEmpty());
    List<FollowerHistory> steady = new ArrayList<>();
    for (FollowerHistory history : histories) {
      if (history.excusedLists() == 0) {
        steady.add(history);
      } else {
        System.err.println(history.name() + " listed again, of itself: " + history.excusedLists());
      }
    }
    for (String path : Set.copyOf(FOLLOWERS.values())) {
      List<FollowerHistory> alike =
          steady.stream().filter(history -> path.equals(FOLLOWERS.get(history.name()))).toList();
      if (!alike.isEmpty()) {
        areToldTheSame(path, alike);
      }
    }
    steady.stream()
        .filter(history -> PODS.equals(FOLLOWERS.get(history.name())))
        .forEach(history -> sawAllWrites(history, since));
  }

  private static void areToldTheSame(String path, List<FollowerHistory> histories) {
    long begin = histories.stream().mapToLong(FollowerHistory::listedAt).max().orElseThrow();
    List<FollowerHistory.Change> first = histories.getFirst().changesAfter(begin);
    Map<Long, String> states = new HashMap<>();
    for (FollowerHistory history : histories) {
      assertThat(history.changesAfter(begin))
          .as("what %s was told", history.name())
          .isNotEmpty()
          .isEqualTo(first);
      history
          .hashes()
          .forEach((rv, hash) ->
              assertThat(states.computeIfAbsent(rv, _ -> hash))
                  .as("what %s got under %d", history.name(), rv)
                  .isEqualTo(hash));
    }
    System.err.printf("%s: %d events for %d followers%n", path, first.size(), histories.size());
  }

  /** Of the member that never lost its past, clients see each single state. */
  private void sawAllWrites(FollowerHistory history, int since) {
    Set<String> seen =
        history.changesAfter(0).stream()
            .filter(change -> !change.type().equals("DELETED"))
            .map(FollowerHistory.Change::note)
            .collect(Collectors.toSet());
    List<String> made =
        churn(CALM).acknowledgedPodNotes().stream().filter(note -> number(note) > since).toList();
    assertThat(made).isNotEmpty();
    assertThat(seen).as("writes that %s was told of", history.name()).containsAll(made);
  }

  private static int number(String note) {
    return Integer.parseInt(note.substring(note.lastIndexOf('-') + 1));
  }

  private static ClusterProvider clusters() {
    RealClusters real = new RealClusters(System.err::println);
    return new ClusterProvider() {
      @Override
      public Optional<String> unavailable() {
        return real.unavailable();
      }

      @Override
      public TestCluster start(ClusterSpec spec) {
        return real.start(
            spec.name().equals(FORGETFUL)
                ? spec.withApiServerFlags("--watch-cache=false", "--etcd-compaction-interval=5s")
                : spec);
      }
    };
  }
}
