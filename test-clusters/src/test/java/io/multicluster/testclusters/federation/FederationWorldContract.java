package io.multicluster.testclusters.federation;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.authentication.SelfSubjectReview;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.multicluster.testclusters.Programs;
import io.multicluster.testclusters.TestCluster;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What a world is to those who look at it, whatever kind of clusters it is made of. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class FederationWorldContract {
  private static final ResourceDefinitionContext CLUSTERS =
      new ResourceDefinitionContext.Builder()
          .withGroup("cluster.karmada.io")
          .withVersion("v1alpha1")
          .withKind("Cluster")
          .withPlural("clusters")
          .withNamespaced(false)
          .build();

  FederationWorld world;

  /** Called once for all tests of the class. */
  abstract FederationWorld open(Path folder);

  @BeforeAll
  void start(@TempDir Path folder) {
    world = open(folder);
  }

  @Test
  void appRunsInTheFirstAndThirdMemberOnly() {
    assertThat(pods("test1", "default")).hasSize(3);
    assertThat(pods("test2", "default")).isEmpty();
    assertThat(pods("test3", "default")).hasSize(2);
  }

  @Test
  void podsLookAsIfTheyRan() {
    for (Pod pod : pods("test1", "default")) {
      assertThat(pod.getStatus().getPhase()).isEqualTo("Running");
      assertThat(pod.getStatus().getPodIP()).startsWith("10.");
      assertThat(pod.getStatus().getQosClass()).isEqualTo("Burstable");
      assertThat(pod.getSpec().getNodeName()).startsWith("test1-node-");
      assertThat(pod.getMetadata().getOwnerReferences())
          .singleElement()
          .satisfies(owner -> assertThat(owner.getKind()).isEqualTo("CloneSet"));
      assertThat(pod.getStatus().getConditions())
          .extracting(condition -> condition.getType() + "=" + condition.getStatus())
          .containsExactlyInAnyOrder(
              "PodReadyToStartContainers=True",
              "Initialized=True",
              "Ready=True",
              "ContainersReady=True",
              "PodScheduled=True");
      assertThat(pod.getStatus().getContainerStatuses())
          .hasSize(2)
          .allSatisfy(container -> {
            assertThat(container.getReady()).isTrue();
            assertThat(container.getImageID()).contains("@sha256:");
            assertThat(container.getContainerID()).startsWith("containerd://");
            assertThat(container.getState().getRunning().getStartedAt()).isNotNull();
          });
    }
    assertThat(pods("test3", "default"))
        .as("one pod has a past")
        .anySatisfy(pod ->
            assertThat(pod.getStatus().getContainerStatuses())
                .anySatisfy(container -> {
                  assertThat(container.getRestartCount()).isEqualTo(2);
                  assertThat(container.getLastState().getTerminated().getReason())
                      .isEqualTo("OOMKilled");
                }));
  }

  @Test
  void eventsTellHowThePodsStarted() {
    String pod = pods("test1", "default").getFirst().getMetadata().getName();
    try (KubernetesClient client = client("test1")) {
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() ->
              assertThat(
                      client
                          .v1()
                          .events()
                          .inNamespace("default")
                          .withField("involvedObject.name", pod)
                          .list()
                          .getItems())
                  .extracting(Event::getReason)
                  .contains("Scheduled", "Pulling", "Pulled", "Created", "Started"));
    }
  }

  @Test
  void nodesAreReady() {
    try (KubernetesClient client = client("test2")) {
      List<Node> nodes = client.nodes().list().getItems();
      assertThat(nodes)
          .extracting(node -> node.getMetadata().getName())
          .containsExactly("test2-node-1", "test2-node-2");
      assertThat(nodes)
          .allSatisfy(node -> {
            assertThat(node.getSpec().getTaints()).isEmpty();
            assertThat(node.getStatus().getConditions())
                .anySatisfy(condition -> {
                  assertThat(condition.getType()).isEqualTo("Ready");
                  assertThat(condition.getStatus()).isEqualTo("True");
                });
          });
    }
  }

  @Test
  void membersAreRegisteredWithCredentialsThatWork() {
    try (KubernetesClient controlPlane = world.controlPlane().access().client()) {
      for (TestCluster member : world.members()) {
        GenericKubernetesResource cluster =
            controlPlane.genericKubernetesResources(CLUSTERS).withName(member.name()).require();
        assertThat(cluster.<Object>get("spec", "syncMode")).isEqualTo("Push");
        assertThat(cluster.<Object>get("status", "conditions", 0, "type")).isEqualTo("Ready");
        assertThat(cluster.<Object>get("status", "conditions", 0, "status")).isEqualTo("True");
        assertThat(whoAmI(controlPlane, cluster, "secretRef"))
            .isEqualTo("system:serviceaccount:karmada-cluster:karmada");
        assertThat(whoAmI(controlPlane, cluster, "impersonatorSecretRef"))
            .isEqualTo("system:serviceaccount:karmada-cluster:karmada-impersonator");
      }
    }
  }

  private static String whoAmI(
      KubernetesClient controlPlane, GenericKubernetesResource cluster, String reference) {
    Secret secret =
        controlPlane
            .secrets()
            .inNamespace(cluster.get("spec", reference, "namespace"))
            .withName(cluster.get("spec", reference, "name"))
            .require();
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(cluster.get("spec", "apiEndpoint"))
            .withOauthToken(decoded(secret, "token"))
            .withCaCertData(secret.getData().get("caBundle"))
            .build();
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
      return client
          .resource(new SelfSubjectReview())
          .create()
          .getStatus()
          .getUserInfo()
          .getUsername();
    }
  }

  private static String decoded(Secret secret, String key) {
    return new String(
        Base64.getDecoder().decode(secret.getData().get(key)), StandardCharsets.UTF_8);
  }

  @Test
  void devsMayAndOthersMayNot() {
    assertThat(mayList("dev")).isTrue();
    assertThat(mayList("nobody")).isFalse();
  }

  private boolean mayList(String group) {
    Config config = Config.fromKubeconfig(world.controlPlane().access().kubeconfig());
    config.setImpersonateUsername("somebody");
    config.setImpersonateGroups(group);
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
      client.pods().inNamespace("default").list();
      return true;
    } catch (KubernetesClientException e) {
      assertThat(e.getCode()).isEqualTo(403);
      return false;
    }
  }

  @Test
  void scalingIsFollowedByPodsThatComeAlive() {
    String namespace = namespace("scaling");
    try (KubernetesClient controlPlane = world.controlPlane().access().client();
        KubernetesClient test1 = client("test1")) {
      Queue<String> phases = new ConcurrentLinkedQueue<>();
      try (var _ = test1.pods().inNamespace(namespace).watch(recorder(phases))) {
        Resource<GenericKubernetesResource> app =
            controlPlane
                .genericKubernetesResources(CloneSet.TYPE)
                .inNamespace(namespace)
                .resource(cloneSet("web", 2));
        app.create();
        awaitCounts(app, new CloneSet.Counts(2, 2, 2, 2));
        app.scale(7);
        awaitCounts(app, new CloneSet.Counts(7, 7, 7, 7));
        assertThat(phases)
            .containsSubsequence("ADDED Pending", "MODIFIED ContainerCreating", "MODIFIED Running");
      }
      assertThat(podsPerMember(namespace)).isEqualTo(Map.of("test1", 3, "test2", 2, "test3", 2));

      app(controlPlane, namespace).scale(1);
      awaitCounts(app(controlPlane, namespace), new CloneSet.Counts(1, 1, 1, 1));
      app(controlPlane, namespace).delete();
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() ->
              assertThat(podsPerMember(namespace))
                  .isEqualTo(Map.of("test1", 0, "test2", 0, "test3", 0)));
    }
  }

  @Test
  void newTemplateReplacesThePodsOneByOne() {
    String namespace = namespace("rollout");
    try (KubernetesClient controlPlane = world.controlPlane().access().client()) {
      Resource<GenericKubernetesResource> app =
          controlPlane
              .genericKubernetesResources(CloneSet.TYPE)
              .inNamespace(namespace)
              .resource(cloneSet("web", 3));
      app.create();
      awaitCounts(app, new CloneSet.Counts(3, 3, 3, 3));
      app(controlPlane, namespace)
          .edit(old -> {
            Map<String, Object> spec = new HashMap<>(old.get("spec"));
            spec.put("template", template("web", "registry.example.com/web:v2"));
            old.setAdditionalProperty("spec", spec);
            return old;
          });
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() ->
              assertThat(
                      List.of("test1", "test2", "test3").stream()
                          .flatMap(member -> pods(member, namespace).stream())
                          .map(pod -> pod.getSpec().getContainers().getFirst().getImage()))
                  .hasSize(3)
                  .containsOnly("registry.example.com/web:v2"));
      awaitCounts(app(controlPlane, namespace), new CloneSet.Counts(3, 3, 3, 3));
      app(controlPlane, namespace).delete();
    }
  }

  @Test
  void kubectlsOfThreeReleasesScaleThroughTheShortName() throws Exception {
    String namespace = namespace("kubectl");
    Programs kubectls =
        Programs.get(System.err::println, "kubectl-1.27", "kubectl-1.33", "kubectl-1.36");
    try (KubernetesClient controlPlane = world.controlPlane().access().client()) {
      controlPlane
          .genericKubernetesResources(CloneSet.TYPE)
          .inNamespace(namespace)
          .resource(cloneSet("web", 1))
          .create();
    }
    int replicas = 1;
    for (String release : List.of("kubectl-1.27", "kubectl-1.33", "kubectl-1.36")) {
      replicas++;
      String kubectl = kubectls.path(release).toString();
      assertThat(run(kubectl, "-n", namespace, "scale", "clone", "web", "--replicas=" + replicas))
          .contains("cloneset.apps.kruise.io/web scaled");
      assertThat(run(kubectl, "-n", namespace, "get", "clone", "web"))
          .as("the columns of %s", release)
          .containsPattern("NAME +DESIRED +UPDATED +UPDATED_READY +READY +TOTAL +AGE")
          .containsPattern("web +" + replicas);
    }
    assertThat(run(kubectls.path("kubectl-1.36").toString(), "get", "clusters"))
        .containsPattern("test1 +v1\\.36\\.3 +Push +True");
    run(kubectls.path("kubectl-1.36").toString(), "-n", namespace, "delete", "clone", "web");
  }

  private String run(String... command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("KUBECONFIG", world.controlPlane().kubeconfig().toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  private static Watcher<Pod> recorder(Queue<String> phases) {
    return new Watcher<>() {
      @Override
      public void eventReceived(Action action, Pod pod) {
        var containers = pod.getStatus().getContainerStatuses();
        String waiting =
            containers.isEmpty() || containers.getFirst().getState().getWaiting() == null
                ? pod.getStatus().getPhase()
                : containers.getFirst().getState().getWaiting().getReason();
        phases.add(action + " " + waiting);
      }

      @Override
      public void onClose(WatcherException cause) {
        phases.add("closed: " + cause);
      }
    };
  }

  /** A namespace that no other test looks at; the members get it from the federation. */
  private String namespace(String name) {
    for (TestCluster cluster : List.of(world.controlPlane(), world.member("test1"))) {
      try (KubernetesClient client = cluster.access().client()) {
        client
            .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
            .create();
      }
    }
    return name;
  }

  private static Resource<GenericKubernetesResource> app(
      KubernetesClient controlPlane, String namespace) {
    return controlPlane
        .genericKubernetesResources(CloneSet.TYPE)
        .inNamespace(namespace)
        .withName("web");
  }

  private static void awaitCounts(Resource<GenericKubernetesResource> app, CloneSet.Counts counts) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(new CloneSet(app.get()).counts()).isEqualTo(counts));
  }

  private static GenericKubernetesResource cloneSet(String name, int replicas) {
    GenericKubernetesResource cloneSet = new GenericKubernetesResource();
    cloneSet.setApiVersion(CloneSet.API_VERSION);
    cloneSet.setKind(CloneSet.KIND);
    cloneSet.setMetadata(new ObjectMetaBuilder().withName(name).build());
    cloneSet.setAdditionalProperty(
        "spec",
        Map.of(
            "replicas", replicas,
            "selector", Map.of("matchLabels", Map.of("app", name)),
            "template", template(name, "registry.example.com/web:v1")));
    return cloneSet;
  }

  private static Map<String, Object> template(String name, String image) {
    return Map.of(
        "metadata",
        Map.of("labels", Map.of("app", name)),
        "spec",
        Map.of("containers", List.of(Map.of("name", "main", "image", image))));
  }

  private Map<String, Integer> podsPerMember(String namespace) {
    Map<String, Integer> counts = new HashMap<>();
    for (TestCluster member : world.members()) {
      counts.put(member.name(), pods(member.name(), namespace).size());
    }
    return counts;
  }

  private List<Pod> pods(String member, String namespace) {
    try (KubernetesClient client = client(member)) {
      return client.pods().inNamespace(namespace).list().getItems();
    }
  }

  private KubernetesClient client(String member) {
    return world.member(member).access().client();
  }
}
