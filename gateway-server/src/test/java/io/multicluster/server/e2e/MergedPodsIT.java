package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.server.e2e.Kubectl.Following;
import io.multicluster.server.e2e.Kubectl.Result;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * kubectl on pods and events of two real members, whose names alternate: what it prints is what it
 * would print of one cluster that has them all.
 */
@TestInstance(Lifecycle.PER_CLASS)
class MergedPodsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int PODS = 240;
  private static final String SPACE = "merged";

  @TempDir private static Path folder;
  private MixedFederation world;

  @BeforeAll
  void start() throws Exception {
    RealClusters.assumeAvailable();
    world = MixedFederation.start(folder);
    world.namespace(SPACE);
    for (int cluster = 0; cluster < 2; cluster++) {
      try (KubernetesClient client = world.members().get(cluster).access().client()) {
        for (int i = cluster; i < PODS; i += 2) {
          client.resource(pod(name(i), i % 3 == 0 ? "web" : "job", "")).create();
        }
      }
    }
    world.namespaceWithPod("shop");
    create(world.members().getLast(), pod("placed", "web", "nodeName: node-of-old,"));
    Awaitility.await("all pods are seen")
        .atMost(PATIENCE)
        .until(
            () -> names(kubectl("1.36").ok("get", "pods", "-n", SPACE, "-o", "name")).size(),
            size -> size == PODS + 1);
  }

  @AfterAll
  void stop() {
    if (world != null) {
      world.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.36"})
  void pagesOfAllClustersAreOneList(String minor) {
    Result paged = kubectl(minor).run("get", "pods", "-A", "--chunk-size=50", "-o", "name", "-v=6");
    assertThat(paged.err().split("continue=", -1)).as(paged.err()).hasSizeGreaterThan(4);
    assertThat(names(paged))
        .isEqualTo(names(kubectl(minor).ok("get", "pods", "-A", "--chunk-size=0", "-o", "name")))
        .containsSubsequence(IntStream.range(0, PODS).mapToObj(MergedPodsIT::name).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.36"})
  void selectorsAndOrdersSpanClusters(String minor) {
    assertThat(select(minor, "-l", "app=web"))
        .containsAll(List.of(name(0), name(3), "placed"))
        .doesNotContain(name(1))
        .hasSize(PODS / 3 + 1);
    assertThat(select(minor, "-l", "app=web,multicluster.io/cluster notin (live)"))
        .contains(name(3), name(9), "placed")
        .hasSize(PODS / 6 + 1);
    assertThat(select(minor, "--field-selector", "spec.nodeName=node-of-old"))
        .containsExactly("placed");
    assertThat(select(minor, "--field-selector", "metadata.name=" + name(7), "-l", "app=job"))
        .containsExactly(name(7));
    assertThat(select(minor, "--sort-by", ".metadata.name")).isSorted().hasSize(PODS + 1);
    assertThat(
            kubectl(minor)
                .ok(
                    "get",
                    "pods",
                    "-n",
                    SPACE,
                    "--sort-by=.metadata.creationTimestamp",
                    "-o",
                    "custom-columns=AT:.metadata.creationTimestamp",
                    "--no-headers")
                .lines())
        .isSorted()
        .hasSize(PODS + 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.36"})
  void jsonIsWhatTheMembersHave(String minor) throws IOException {
    Map<String, JsonNode> expected = new TreeMap<>();
    for (TestCluster member : world.members()) {
      expected.putAll(byName(kubectl(minor).as(member.kubeconfig())));
    }
    Map<String, JsonNode> merged = byName(kubectl(minor));
    for (JsonNode pod : merged.values()) {
      ((ObjectNode) pod.at("/metadata/labels")).remove("multicluster.io/cluster");
      ObjectNode metadata = (ObjectNode) pod.path("metadata");
      assertThat(metadata.remove("annotations").size()).as("what we add alone").isEqualTo(1);
    }
    assertThat(merged).isEqualTo(expected).hasSize(PODS + 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.36"})
  void waitingForADeletionEndsByThatInTheMember(String minor) {
    String name = "doomed-" + minor.replace('.', '-');
    TestCluster old = world.members().getLast();
    create(old, pod(name, "late", ""));
    Awaitility.await().atMost(PATIENCE).until(() -> select(minor, "-l", "app=late").contains(name));
    try (Following waiting =
            kubectl(minor).follow("wait", "--for=delete", "pod/" + name, "-n", SPACE, "-v=6");
        KubernetesClient client = old.access().client()) {
      waiting.await(".*watch=true.*");
      client.pods().inNamespace(SPACE).withName(name).withGracePeriod(0).delete();
      waiting.await("pod/" + name + " condition met");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.36"})
  void eventsOfMembersAndOfTheControlPlaneAreTogether(String minor) {
    String name = "shop-" + minor.replace('.', '-');
    Kubectl federation = kubectl(minor).as(world.controlPlane().kubeconfig());
    federation.run(
        """
        apiVersion: apps.kruise.io/v1alpha1
        kind: CloneSet
        metadata: {name: %1$s, namespace: shop}
        spec:
          selector: {matchLabels: {app: shop}}
          template:
            metadata: {labels: {app: shop}}
            spec: {containers: [{name: main, image: registry.example/app:1}]}
        """
            .formatted(name),
        Map.of(),
        "apply",
        "-f",
        "-");
    String uid =
        federation
            .ok("get", "cloneset", name, "-n", "shop", "-o", "jsonpath={.metadata.uid}")
            .out();
    create(world.controlPlane(), event(name, uid, "Propagated"));
    create(world.members().getFirst(), event(name, "of-the-copy", "CreatedInLive"));
    create(world.members().getLast(), event(name, "of-the-copy", "CreatedInOld"));
    String[] of = {"events", "-n", "shop", "--for", "cloneset/" + name};
    Awaitility.await("all three events")
        .atMost(PATIENCE)
        .until(
            () -> kubectl(minor).run(of),
            result ->
                result.out().contains("Propagated")
                    && result.out().contains("CreatedInLive")
                    && result.out().contains("CreatedInOld"));
    assertThat(kubectl(minor).ok("describe", "cloneset", name, "-n", "shop").out())
        .contains("Propagated", "CreatedInLive", "CreatedInOld");
    assertThat(kubectl(minor).ok("describe", "pod", "web", "-n", "shop").out())
        .contains("multicluster.io/cluster=live")
        .containsPattern("Normal +Scheduled +.*default-scheduler");
  }

  private List<String> select(String minor, String... arguments) {
    String[] all = new String[arguments.length + 6];
    List.of("get", "pods", "-n", SPACE, "-o", "name").toArray(all);
    System.arraycopy(arguments, 0, all, 6, arguments.length);
    return names(kubectl(minor).ok(all));
  }

  private static List<String> names(Result result) {
    return result.lines().stream().map(line -> line.substring(line.indexOf('/') + 1)).toList();
  }

  private static Map<String, JsonNode> byName(Kubectl kubectl) throws IOException {
    Map<String, JsonNode> pods = new TreeMap<>();
    for (JsonNode pod :
        JSON.readTree(kubectl.ok("get", "pods", "-n", SPACE, "-o", "json").out()).path("items")) {
      ((ObjectNode) pod.path("metadata")).remove("resourceVersion");
      pods.put(pod.at("/metadata/name").asText(), pod);
    }
    return pods;
  }

  private Kubectl kubectl(String minor) {
    return Kubectl.of(minor, world.kubeconfig());
  }

  private static void create(TestCluster cluster, String yaml) {
    try (KubernetesClient client = cluster.access().client()) {
      client.resource(yaml).create();
    }
  }

  private static String name(int number) {
    return "pod-%03d".formatted(number);
  }

  /** That no scheduler takes care of. */
  private static String pod(String name, String app, String more) {
    return """
    apiVersion: v1
    kind: Pod
    metadata: {name: %s, namespace: %s, labels: {app: %s}}
    spec: {schedulerName: nobody, %s containers: [{name: main, image: registry.example/app:1}]}
    """
        .formatted(name, SPACE, app, more);
  }

  private static String event(String name, String uid, String reason) {
    return """
    apiVersion: v1
    kind: Event
    metadata: {name: %1$s.%2$s, namespace: shop}
    involvedObject: {apiVersion: apps.kruise.io/v1alpha1, kind: CloneSet, name: %1$s, namespace: shop, uid: %4$s}
    type: Normal
    reason: %3$s
    message: as it is
    lastTimestamp: 2026-11-26T00:00:00Z
    """
        .formatted(name, reason.toLowerCase(Locale.ROOT), reason, uid);
  }
}
