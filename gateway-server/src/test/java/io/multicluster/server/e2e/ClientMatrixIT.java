package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.multicluster.server.e2e.Kubectl.Result;
import io.multicluster.testclusters.Programs;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opentest4j.TestAbortedException;

/**
 * Client libraries and tools work on the gateway as on an API server of its own: each line of the
 * table in docs/clients.md is a test here.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ClientMatrixIT {
  /** The fence around one program; none takes more than seconds on an idle machine. */
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private static final String CLUSTER = "multicluster.io/cluster";

  @TempDir private static Path folder;
  private MixedFederation world;

  @BeforeAll
  void start() throws Exception {
    RealClusters.assumeAvailable();
    world = MixedFederation.start(folder);
  }

  @AfterAll
  void stop() {
    if (world != null) {
      world.close();
    }
  }

  /** The checks are in test-clusters/programs/clients. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "typed-protobuf",
        "typed-json",
        "dynamic",
        "metadata",
        "discovery",
        "apply",
        "leader-election",
        "manager"
      })
  void clientGoWorks(String check) {
    goClient(check, Map.of());
  }

  /** With the detector client-go compares what a streaming list brought with a plain list. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void informersOfClientGoHoldWhatTheClustersHave(boolean streamingLists) {
    goClient(
        "informers",
        Map.of(
            "KUBE_FEATURE_WatchListClient",
            Boolean.toString(streamingLists),
            "KUBE_WATCHLIST_INCONSISTENCY_DETECTOR",
            "true"));
  }

  /** {@code -Dkubectl.minors=1.28,1.29} asks for others, whose module files must be there. */
  @TestFactory
  List<DynamicNode> kubectlPrintsWhatItPrintsWithoutTheGateway() throws IOException {
    List<DynamicNode> tables = new ArrayList<>();
    for (String minor : System.getProperty("kubectl.minors", "1.27,1.33,1.36").split(",", -1)) {
      world.namespace(KubectlTable.ours(minor));
      world.namespace(KubectlTable.theirs(minor));
      KubectlTable table =
          new KubectlTable(
              minor,
              world.kubeconfig(),
              world.controlPlane().kubeconfig(),
              world.members().getFirst().kubeconfig(),
              folder.resolve("kubectl-" + minor));
      tables.add(DynamicContainer.dynamicContainer("kubectl " + minor, table.rows()));
    }
    return tables;
  }

  @Test
  void helmInstallsUpgradesRollsBackAndUninstalls() throws IOException {
    String namespace = world.namespace("helm");
    Path chart = Files.createDirectories(folder.resolve("chart"));
    Files.createDirectories(chart.resolve("templates"));
    Files.writeString(chart.resolve("Chart.yaml"), "{apiVersion: v2, name: shop, version: 0.1.0}");
    Files.writeString(chart.resolve("values.yaml"), "{colour: red, replicas: 2}");
    Files.writeString(chart.resolve("templates/shop.yaml"), CHART);
    Kubectl kubectl = Kubectl.of("1.36", world.controlPlane().kubeconfig());
    String[] shop = {
      "-n",
      namespace,
      "get",
      "configmap/shop",
      "clone/shop",
      "-o",
      "jsonpath={.items[*]['data.colour','spec.replicas']}"
    };
    helm(namespace, "install", "shop", chart.toString());
    assertThat(kubectl.ok(shop).out()).isEqualTo("red 2");
    helm(namespace, "upgrade", "shop", chart.toString(), "--set=colour=blue,replicas=3");
    assertThat(kubectl.ok(shop).out()).isEqualTo("blue 3");
    helm(namespace, "rollback", "shop", "1");
    assertThat(kubectl.ok(shop).out()).isEqualTo("red 2");
    assertThat(helm(namespace, "history", "shop", "-o", "yaml")).contains("Rollback to 1");
    assertThat(helm(namespace, "list", "--short")).isEqualTo("shop\n");
    helm(namespace, "uninstall", "shop", "--wait");
    assertThat(kubectl.ok("-n", namespace, "get", "configmap,clone,secret", "-o", "name").out())
        .isEmpty();
  }

  private static final String CHART =
      """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: {{ .Release.Name }}}
      data: {colour: {{ .Values.colour }}}
      {{- if .Capabilities.APIVersions.Has "apps.kruise.io/v1alpha1/CloneSet" }}
      ---
      apiVersion: apps.kruise.io/v1alpha1
      kind: CloneSet
      metadata: {name: {{ .Release.Name }}}
      spec:
        replicas: {{ .Values.replicas }}
        selector: {matchLabels: {app: shop}}
        template:
          metadata: {labels: {app: shop}}
          spec: {containers: [{name: main, image: registry.example/app:1}]}
      {{- end }}
      """;

  private String helm(String namespace, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Programs.get(System.err::println, "helm").path("helm").toString());
    command.addAll(List.of("--kubeconfig=" + world.kubeconfig(), "--namespace=" + namespace));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("HOME", folder.toString());
    Result result = Command.run(builder, "", LIMIT);
    assertThat(result.exit()).as(result.out() + result.err()).isZero();
    return result.out();
  }

  /** The fence is here, since its informers allow the client no timeout for reads. */
  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
  void theOfficialJavaClientWorks() throws Exception {
    try (OfficialJavaClient client =
        new OfficialJavaClient(
            world.kubeconfig(),
            world.namespaceWithPod("java"),
            List.of(MixedFederation.LIVE, MixedFederation.OLD))) {
      client.check();
    }
  }

  /** The script is test-clusters/clients/python/check.py. */
  @Test
  void theOfficialPythonClientWorks() throws IOException {
    Path scripts = scripts("python");
    Path environment = folder.resolve("python");
    Path python = environment.resolve("bin/python");
    install("python3", "-m", "venv", environment.toString());
    install(
        python.toString(),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--timeout=20",
        "--retries=2",
        "-r",
        scripts.resolve("requirements.txt").toString());
    script("python", python.toString(), scripts.resolve("check.py").toString());
  }

  /** The script is test-clusters/clients/javascript/check.js. */
  @Test
  void theOfficialJavaScriptClientWorks() throws IOException {
    Path copy = Files.createDirectories(folder.resolve("javascript"));
    for (String file : List.of("package.json", "package-lock.json", "check.js")) {
      Files.copy(scripts("javascript").resolve(file), copy.resolve(file));
    }
    install(
        "npm",
        "ci",
        "--prefix=" + copy,
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--fetch-timeout=20000",
        "--fetch-retries=2");
    script("javascript", "node", copy.resolve("check.js").toString());
  }

  private static Path scripts(String language) {
    return DemoProcess.repository().resolve("test-clusters/clients").resolve(language);
  }

  private void script(String language, String... start) {
    List<String> command = new ArrayList<>(List.of(start));
    command.add(world.kubeconfig().toString());
    command.add(world.namespaceWithPod(language));
    command.addAll(List.of(MixedFederation.LIVE, MixedFederation.OLD));
    Result result = Command.run(new ProcessBuilder(command), "", LIMIT);
    assertThat(result.exit()).as(result.out() + result.err()).isZero();
  }

  /**
   * Without the language or its packages the test is skipped and says so: that is no fault here.
   */
  private static void install(String... command) {
    String problem;
    try {
      Result result = Command.run(new ProcessBuilder(command), "", LIMIT);
      problem = result.exit() == 0 ? "" : result.out() + result.err();
    } catch (IllegalStateException | AssertionError e) {
      problem = String.valueOf(e.getMessage());
    }
    if (!problem.isEmpty()) {
      String reason = "NOT RUN, can't be installed: " + String.join(" ", command) + ": " + problem;
      System.err.println(reason);
      throw new TestAbortedException(reason);
    }
  }

  @Test
  void fabric8ChangesObjectsOfTheControlPlaneAndOfMembers() {
    String namespace = world.namespace("fabric-changes");
    try (KubernetesClient client = client()) {
      ConfigMap wanted =
          new ConfigMapBuilder()
              .withNewMetadata()
              .withName("settings")
              .withNamespace(namespace)
              .endMetadata()
              .addToData("colour", "red")
              .build();
      ConfigMap made = client.resource(wanted).create();
      var settings = client.configMaps().inNamespace(namespace).withName("settings");
      assertThat(settings.get()).isEqualTo(made);
      settings.edit(map -> new ConfigMapBuilder(map).addToData("colour", "blue").build());
      assertThat(settings.get().getData()).containsEntry("colour", "blue");
      assertThat(client.resource(wanted).forceConflicts().serverSideApply().getData())
          .containsEntry("colour", "red");
      assertThat(settings.delete()).hasSize(1);
      for (TestCluster member : world.members()) {
        Pod pod = client.resource(pod(namespace, "of-" + member.name(), member.name())).create();
        var resource = client.pods().resource(pod);
        assertThat(resource.get()).isEqualTo(pod);
        Pod edited =
            resource.edit(p ->
                new PodBuilder(p).editMetadata().addToLabels("tier", "back").endMetadata().build());
        assertThat(edited.getMetadata().getLabels())
            .containsEntry("tier", "back")
            .containsEntry(CLUSTER, member.name());
        resource.withGracePeriod(0).delete();
        assertThat(resource.get()).isNull();
      }
    }
  }

  @Test
  void informersOfFabric8HoldWhatTheMembersHave() {
    String namespace = world.namespace("fabric-informs");
    try (KubernetesClient client = client();
        SharedIndexInformer<Pod> informer = client.pods().inNamespace(namespace).inform()) {
      for (int i = 0; i < 10; i++) {
        for (TestCluster member : world.members()) {
          try (KubernetesClient direct = member.access().client()) {
            Pod pod = pod(namespace, member.name() + "-" + i, null);
            direct.resource(pod).create();
            if (i % 3 == 0) {
              direct.pods().resource(pod).withGracePeriod(0).delete();
            }
          }
        }
      }
      Awaitility.await("pods of the informer")
          .atMost(LIMIT)
          .untilAsserted(() ->
              assertThat(informer.getStore().list().stream().map(p -> p.getMetadata().getName()))
                  .hasSize(12));
    }
  }

  @Test
  void fabric8ExecutesAndForwardsPorts() throws Exception {
    String namespace = world.namespaceWithPod("fabric-streams");
    try (KubernetesClient client = client()) {
      var web = client.pods().inNamespace(namespace).withName("web");
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (ExecWatch exec = web.writingOutput(out).exec("echo", "here")) {
        assertThat(exec.exitCode().get(LIMIT.toSeconds(), TimeUnit.SECONDS)).isZero();
      }
      assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("here\n");
      assertThat(web.getLog()).contains("ready");
      try (LocalPortForward forward = web.portForward(80);
          HttpClient http = HttpClient.newHttpClient()) {
        URI healthz = URI.create("http://127.0.0.1:" + forward.getLocalPort() + "/healthz");
        HttpRequest request = HttpRequest.newBuilder(healthz).timeout(LIMIT).build();
        assertThat(http.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
      }
    }
  }

  private KubernetesClient client() {
    try {
      return new KubernetesClientBuilder()
          .withConfig(Config.fromKubeconfig(Files.readString(world.kubeconfig())))
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits for a scheduler that does not exist. */
  private static Pod pod(String namespace, String name, @Nullable String cluster) {
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace(namespace)
        .withName(name)
        .addToLabels(cluster == null ? Map.of() : Map.of(CLUSTER, cluster))
        .endMetadata()
        .withNewSpec()
        .withSchedulerName("nobody")
        .addNewContainer()
        .withName("main")
        .withImage("registry.example/app:1")
        .endContainer()
        .endSpec()
        .build();
  }

  @Test
  void topShowsAllMembersAndNamesThoseThatDoNotAnswer() throws Exception {
    String namespace = world.namespace("top");
    List<Kubectl> kubectls =
        Stream.of("1.27", "1.33", "1.36")
            .map(minor -> Kubectl.of(minor, world.kubeconfig()))
            .toList();
    String[] top = {"-n", namespace, "top", "pod", "--no-headers"};
    TestCluster live = world.members().getFirst();
    TestCluster old = world.members().getLast();
    try (var _ = MetricsServer.start(live)) {
      try (var _ = MetricsServer.start(old)) {
        for (Kubectl kubectl : kubectls) {
          assertThat(kubectl.ok(top).lines())
              .map(line -> line.replaceAll(" +", " "))
              .containsExactlyInAnyOrder(
                  "live-a 100m 64Mi", "live-b 100m 64Mi", "old-a 100m 64Mi", "old-b 100m 64Mi");
          assertThat(
                  kubectl.ok("-n", namespace, "top", "pod", "--no-headers", "-l", "app=a").lines())
              .hasSize(2);
          assertThat(kubectl.ok("-n", namespace, "top", "pod", "old-a", "--containers").out())
              .contains("main");
          assertThat(kubectl.run("-n", namespace, "top", "pod", "old-c").err())
              .contains("NotFound");
        }
      }
      for (Kubectl kubectl : kubectls) {
        Result partial = kubectl.ok(top);
        assertThat(partial.lines()).hasSize(2).allMatch(line -> line.startsWith("live-"));
        assertThat(partial.err()).contains("Warning: cluster old: ");
      }
    }
    // A client that is told to come back waits without a word.
    assertThat(kubectls.getLast().run("get", "--raw", "/apis/metrics.k8s.io/v1beta1/pods", "-v=8"))
        .satisfies(nobody -> assertThat(nobody.exit()).isNotZero())
        .satisfies(nobody -> assertThat(nobody.err()).contains("503", "can't be had"))
        .satisfies(nobody -> assertThat(nobody.err()).doesNotContainIgnoringCase("retry-after"));
  }

  private void goClient(String check, Map<String, String> environment) {
    String namespace =
        world.namespace(
            check
                + (environment.isEmpty()
                    ? ""
                    : "-" + environment.get("KUBE_FEATURE_WatchListClient")));
    List<String> command = new ArrayList<>();
    command.add(Programs.get(System.err::println, "clients").path("clients").toString());
    command.add("-kubeconfig=" + world.kubeconfig());
    command.add("-control-plane=" + world.controlPlane().kubeconfig());
    world
        .members()
        .forEach(member -> command.add("-member=" + member.name() + "=" + member.kubeconfig()));
    command.add("-namespace=" + namespace);
    command.add(check);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    Result result = Command.run(builder, "", LIMIT);
    assertThat(result.exit()).as(result.out() + result.err()).isZero();
  }
}
