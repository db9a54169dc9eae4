package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.multicluster.server.TestGateway;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What kubectl does to pods, through a gateway over real API servers: a control plane, {@code m1}
 * with controllers and kubelets, and {@code m2}.
 */
class MemberWritesIT {
  private static final String POD =
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: %s
        namespace: %s
        labels: {app: %s, multicluster.io/cluster: %s}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
        - {name: main, image: registry.example.com/web:v1}
      """;

  @TempDir private static Path folder;

  private static TestCluster controlPlane;
  private static TestCluster m1;
  private static TestCluster m2;
  private static TestGateway gateway;
  private static Path kubeconfig;
  private static Path ofM1;

  @BeforeAll
  static void start() throws Exception {
    RealClusters.assumeAvailable();
    RealClusters real = new RealClusters(System.err::println);
    controlPlane = real.start(ClusterSpec.bare("control-plane", folder.resolve("cp")));
    m1 = real.start(ClusterSpec.live("m1", folder.resolve("m1")));
    m2 = real.start(ClusterSpec.bare("m2", folder.resolve("m2")));
    try (KubernetesClient client = m1.access().client()) {
      client
          .resource(new NodeBuilder().withNewMetadata().withName("n1").endMetadata().build())
          .create();
    }
    gateway = TestGateway.start(folder, controlPlane, List.of(m1, m2));
    kubeconfig = folder.resolve("kubeconfig");
    gateway.kubeconfig().write(kubeconfig);
    ofM1 = folder.resolve("m1.kubeconfig");
    gateway.kubeconfig().forCluster("m1").write(ofM1);
  }

  @AfterAll
  static void stop() throws Exception {
    for (AutoCloseable part : new AutoCloseable[] {gateway, m2, m1, controlPlane}) {
      if (part != null) {
        part.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.33", "1.36"})
  void kubectlChangesPodsAsIfTheyWereInOneCluster(String minor) throws Exception {
    final Kubectl kubectl = Kubectl.of(minor, kubeconfig);
    final String namespace = namespace("change-" + minor);
    create(kubectl, namespace, "web", "m2");

    String[] pod = {"-n", namespace, "pod", "web"};
    kubectl.ok(of("label", pod, "tier=front"));
    kubectl.ok(of("annotate", pod, "note=a"));
    kubectl.ok(of("patch", pod, "-p", "{\"metadata\":{\"annotations\":{\"note\":\"b\"}}}"));
    assertThat(annotation(kubectl, namespace, "note")).isEqualTo("b");
    kubectl.ok(
        of(
            "patch",
            pod,
            "--type=merge",
            "-p",
            "{\"metadata\":{\"annotations\":{\"note\":\"c\"}}}"));
    assertThat(annotation(kubectl, namespace, "note")).isEqualTo("c");
    kubectl.ok(
        of(
            "patch",
            pod,
            "--type=json",
            "-p",
            "[{\"op\":\"test\",\"path\":\"/metadata/labels/multicluster.io~1cluster\",\"value\":\"m2\"},"
                + "{\"op\":\"add\",\"path\":\"/metadata/annotations/note\",\"value\":\"d\"}]"));
    assertThat(annotation(kubectl, namespace, "note")).isEqualTo("d");
    Kubectl.Result moved =
        kubectl.run(of("label", pod, "--overwrite", "multicluster.io/cluster=m1"));
    assertThat(moved.err()).contains("can't be changed");

    Path editor = folder.resolve("edit-" + minor);
    Files.writeString(editor, "#!/bin/sh\nsed -i 's/note: d/note: e/' \"$1\"\n");
    Files.setPosixFilePermissions(editor, PosixFilePermissions.fromString("rwx------"));
    Kubectl.Result edited =
        kubectl.run("", Map.of("KUBE_EDITOR", editor.toString()), of("edit", pod));
    assertThat(edited.exit()).as(edited.err()).isZero();
    assertThat(annotation(kubectl, namespace, "note")).isEqualTo("e");

    ObjectMeta there = metadata(namespace);
    assertThat(there.getLabels())
        .containsEntry("tier", "front")
        .doesNotContainKey("multicluster.io/cluster");
    assertThat(there.getAnnotations())
        .containsEntry("note", "e")
        .doesNotContainKey("resource.karmada.io/cached-from-cluster");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.33", "1.36"})
  void kubectlAppliesDiffsAndReplacesPods(String minor) {
    final Kubectl kubectl = Kubectl.of(minor, kubeconfig);
    final String namespace = namespace("apply-" + minor);
    String manifest = POD.formatted("web", namespace, "web", "m2");
    assertThat(given(kubectl, manifest, "apply", "-f", "-").out()).contains("pod/web created");
    assertThat(given(kubectl, manifest, "apply", "-f", "-").out()).contains("pod/web unchanged");
    assertThat(given(kubectl, manifest, "diff", "-f", "-").out()).isEmpty();
    String changed = manifest.replace("app: web", "app: web, tier: front");
    assertThat(given(kubectl, changed, "apply", "-f", "-").out()).contains("pod/web configured");
    String more = manifest.replace("app: web", "app: web, tier: back");
    given(kubectl, more, "apply", "--server-side", "--force-conflicts", "-f", "-");
    assertThat(metadata(namespace).getLabels()).isEqualTo(Map.of("app", "web", "tier", "back"));

    String read = kubectl.ok("-n", namespace, "get", "pod", "web", "-o", "json").out();
    given(kubectl, read.replace("\"back\"", "\"side\""), "replace", "-f", "-");
    Kubectl.Result stale =
        kubectl.run(read.replace("\"back\"", "\"top\""), Map.of(), "replace", "-f", "-");
    assertThat(stale.exit()).isNotZero();
    assertThat(stale.err())
        .contains(
            "Operation cannot be fulfilled on pods \"web\": the object has been modified; please"
                + " apply your changes to the latest version and try again");
    assertThat(metadata(namespace).getLabels()).containsEntry("tier", "side");
    given(kubectl, manifest, "replace", "--force", "--grace-period=0", "-f", "-");
    assertThat(metadata(namespace).getLabels()).isEqualTo(Map.of("app", "web"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.33", "1.36"})
  void kubectlDeletesPodsByNameBySelectorAndAll(String minor) {
    final Kubectl kubectl = Kubectl.of(minor, kubeconfig);
    final String namespace = namespace("delete-" + minor);
    create(kubectl, namespace, "a", "m1");
    create(kubectl, namespace, "b", "m2");
    create(kubectl, namespace, "c", "m1");
    create(kubectl, namespace, "d", "m2");
    create(kubectl, namespace, "e", "m1");

    kubectl.ok("-n", namespace, "delete", "pod", "a");
    assertThat(names(kubectl, namespace)).containsExactly("b", "c", "d", "e");
    kubectl.ok("-n", namespace, "delete", "pod", "-l", "app in (b,c)");
    assertThat(names(kubectl, namespace)).containsExactly("d", "e");
    kubectl.ok("-n", namespace, "delete", "pod", "--all");
    assertThat(names(kubectl, namespace)).isEmpty();
    assertThat(direct(m1, namespace, "e")).isNull();
    assertThat(direct(m2, namespace, "d")).isNull();
  }

  /**
   * kube-apiserver deletes a pod in two steps. A deletion that another one overtakes in between is
   * answered with a pod that has no resourceVersion.
   */
  @Test
  void whoDeletesAPodTogetherWithOthersHearsThatItIsGone() {
    final String namespace = namespace("deleters");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        KubernetesClient client = client()) {
      for (int i = 0; i < 25; i++) {
        String name = "web-" + i;
        client.resource(POD.formatted(name, namespace, name, "m2")).create();
        List<CompletableFuture<Integer>> deleters =
            IntStream.range(0, 3)
                .mapToObj(_ ->
                    CompletableFuture.supplyAsync(() -> delete(client, namespace, name), threads))
                .toList();
        assertThat(deleters.stream().map(CompletableFuture::join))
            .as("answers to deletions of one pod")
            .contains(200)
            .isSubsetOf(200, 404);
        assertThat(client.pods().inNamespace(namespace).withName(name).get()).isNull();
      }
    }
  }

  /** Returns the status. */
  private static int delete(KubernetesClient client, String namespace, String name) {
    try {
      String answer =
          client.raw("/api/v1/namespaces/" + namespace + "/pods/" + name, "DELETE", null);
      assertThat(answer).contains("\"kind\":\"Pod\"", "\"name\":\"" + name + "\"");
      return 200;
    } catch (KubernetesClientException e) {
      return e.getCode();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.36"})
  void kubectlDrainsANodeWithinTheBudget(String minor) {
    final Kubectl kubectl = Kubectl.of(minor, ofM1);
    final String namespace = namespace("drain-" + minor);
    String[] deployment = {"-n", namespace, "deployment", "web"};
    kubectl.ok(of("create", deployment, "--image=registry.example.com/web:v1", "--replicas=1"));
    kubectl.ok("-n", namespace, "wait", "--for=condition=Available", "deployment/web");
    kubectl.ok("-n", namespace, "create", "pdb", "web", "--selector=app=web", "--min-available=1");
    String node =
        kubectl.ok("-n", namespace, "get", "pod", "-o", "jsonpath={.items[0].spec.nodeName}").out();
    String[] drain = {"drain", node, "--ignore-daemonsets", "--force", "--pod-selector=app=web"};

    Kubectl.Result refused = kubectl.run(of("--timeout=8s", drain));
    assertThat(refused.exit()).isNotZero();
    assertThat(refused.err())
        .contains("Cannot evict pod as it would violate the pod's disruption budget.");

    kubectl.ok("-n", namespace, "delete", "pdb", "web");
    Kubectl.Result drained = kubectl.ok(of("--timeout=50s", drain));
    assertThat(drained.out()).contains("drained");
    kubectl.ok("uncordon", node);
    kubectl.ok("-n", namespace, "delete", "deployment", "web");
  }

  @Test
  void aClientReadsItsOwnWritesEverywhereUnderOneResourceVersion() {
    final String namespace = namespace("own-writes");
    create(Kubectl.of("1.36", kubeconfig), namespace, "web", "m2");
    try (KubernetesClient client = client()) {
      Pod pod = client.pods().inNamespace(namespace).withName("web").get();
      for (int i = 0; i < 50; i++) {
        pod.getMetadata().getAnnotations().put("turn", "" + i);
        Pod written = client.resource(pod).update();
        assertThat(client.pods().inNamespace(namespace).withName("web").get()).isEqualTo(written);
        assertThat(client.pods().inNamespace(namespace).list().getItems()).contains(written);
        assertThat(written.getMetadata().getAnnotations()).containsEntry("turn", "" + i);
        pod = written;
      }
    }
  }

  @Test
  void ofConcurrentWritersNoneOverwritesWhatItHasNotSeen() {
    final String namespace = namespace("writers");
    create(Kubectl.of("1.36", kubeconfig), namespace, "web", "m2");
    int writers = 4;
    int turns = 15;
    List<CompletableFuture<Void>> all =
        IntStream.range(0, writers)
            .mapToObj(i -> CompletableFuture.runAsync(() -> count(namespace, turns)))
            .toList();
    all.forEach(CompletableFuture::join);

    assertThat(metadata(namespace).getAnnotations())
        .as("every increment was made on the state before")
        .containsEntry("count", "" + writers * turns);
  }

  /** Adds up in an annotation: read, add one, update; again if somebody was faster. */
  private static void count(String namespace, int turns) {
    try (KubernetesClient client = client()) {
      for (int done = 0; done < turns; ) {
        Pod pod = client.pods().inNamespace(namespace).withName("web").get();
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        int count = Integer.parseInt(annotations.getOrDefault("count", "0"));
        annotations.put("count", "" + (count + 1));
        try {
          Objects.requireNonNull(client.resource(pod).update());
          done++;
        } catch (KubernetesClientException e) {
          assertThat(e.getCode()).as("%s", e).isEqualTo(409);
        }
      }
    }
  }

  /** A namespace of that name in all clusters. */
  private static String namespace(String name) {
    String plain = name.replace('.', '-');
    for (TestCluster cluster : List.of(controlPlane, m1, m2)) {
      try (KubernetesClient client = cluster.access().client()) {
        client
            .resource(
                new NamespaceBuilder().withNewMetadata().withName(plain).endMetadata().build())
            .create();
        if (!cluster.equals(m1)) {
          // Bare clusters have nobody who makes it, and pods are refused without.
          client
              .resource(
                  new ServiceAccountBuilder()
                      .withNewMetadata()
                      .withName("default")
                      .withNamespace(plain)
                      .endMetadata()
                      .build())
              .create();
        } else {
          Awaitility.await("service account")
              .atMost(Duration.ofSeconds(60))
              .until(() ->
                  client.serviceAccounts().inNamespace(plain).withName("default").get() != null);
        }
      }
    }
    return plain;
  }

  private static void create(Kubectl kubectl, String namespace, String name, String cluster) {
    given(kubectl, POD.formatted(name, namespace, name, cluster), "create", "-f", "-");
  }

  private static Kubectl.Result given(Kubectl kubectl, String input, String... arguments) {
    Kubectl.Result result = kubectl.run(input, Map.of(), arguments);
    assertThat(result.exit())
        .as("kubectl %s: %s%s", String.join(" ", arguments), result.out(), result.err())
        .isZero();
    return result;
  }

  private static String[] of(String command, String[] object, String... more) {
    return Stream.of(new String[] {command}, object, more)
        .flatMap(Stream::of)
        .toArray(String[]::new);
  }

  private static String annotation(Kubectl kubectl, String namespace, String key) {
    return kubectl
        .ok(
            "-n",
            namespace,
            "get",
            "pod",
            "web",
            "-o",
            "jsonpath={.metadata.annotations." + key + "}")
        .out();
  }

  private static List<String> names(Kubectl kubectl, String namespace) {
    String names =
        kubectl.ok("-n", namespace, "get", "pod", "-o", "jsonpath={.items[*].metadata.name}").out();
    return names.isEmpty() ? List.of() : List.of(names.split(" ", -1));
  }

  private static @Nullable Pod direct(TestCluster cluster, String namespace, String name) {
    try (KubernetesClient client = cluster.access().client()) {
      return client.pods().inNamespace(namespace).withName(name).get();
    }
  }

  /** Of pod {@code web} in {@code m2}, as it is there. */
  private static ObjectMeta metadata(String namespace) {
    return Objects.requireNonNull(direct(m2, namespace, "web")).getMetadata();
  }

  private static KubernetesClient client() {
    return new KubernetesClientBuilder()
        .withConfig(Config.fromKubeconfig(gateway.kubeconfig().yaml()))
        .build();
  }
}
