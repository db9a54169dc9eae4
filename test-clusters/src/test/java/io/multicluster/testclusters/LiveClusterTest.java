package io.multicluster.testclusters;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.multicluster.testclusters.federation.FederationWorld;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A live cluster as the fourth member of the shared world: its own controllers, scheduler and
 * kubelets at work.
 */
class LiveClusterTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final ResourceDefinitionContext CLONE_SETS =
      new ResourceDefinitionContext.Builder()
          .withGroup("apps.kruise.io")
          .withVersion("v1alpha1")
          .withKind("CloneSet")
          .withPlural("clonesets")
          .withNamespaced(true)
          .build();

  @TempDir static Path folder;
  private static FederationWorld world;
  private static TestCluster cluster;
  private static String kubectl;

  @BeforeAll
  static void start() {
    world = FederationWorld.shared();
    cluster =
        new RealClusters(System.err::println)
            .start(ClusterSpec.live("live", folder.resolve("live")));
    world.join(cluster);
    kubectl = Programs.get(System.err::println, "kubectl-1.36").path("kubectl-1.36").toString();
  }

  @AfterAll
  static void close() {
    if (cluster != null) {
      world.leave(cluster.name());
      cluster.close();
    }
  }

  @Test
  void deploymentBecomesPodsThatCanBeTalkedTo() throws Exception {
    run("create", "deployment", "web", "--image=registry.example.com/web:v1", "--replicas=2");
    run("wait", "--for=condition=Available", "--timeout=90s", "deployment/web");
    String pod = run("get", "pod", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.name}");

    assertThat(run("logs", pod)).contains("listening on :8080");
    assertThat(run("exec", pod, "--", "echo", "hello from inside")).contains("hello from inside");
    assertThat(forwardedHealth(pod)).isEqualTo("ok");

    run("delete", "deployment", "web");
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(run("get", "pod", "-l", "app=web")).contains("No resources"));
  }

  @Test
  void cloneSetOfTheFederationRunsOnItsKubelets() {
    try (KubernetesClient controlPlane = world.controlPlane().access().client();
        KubernetesClient member = cluster.access().client()) {
      controlPlane
          .genericKubernetesResources(CLONE_SETS)
          .inNamespace("default")
          .resource(cloneSet("only-live", cluster.name()))
          .create();
      Awaitility.await()
          .atMost(PATIENCE)
          .untilAsserted(() -> {
            List<Pod> pods =
                member
                    .pods()
                    .inNamespace("default")
                    .withLabel("app", "only-live")
                    .list()
                    .getItems();
            assertThat(pods).hasSize(2);
            assertThat(pods).extracting(pod -> pod.getStatus().getPhase()).containsOnly("Running");
            GenericKubernetesResource federated =
                controlPlane
                    .genericKubernetesResources(CLONE_SETS)
                    .inNamespace("default")
                    .withName("only-live")
                    .require();
            assertThat(federated.<Object>get("status", "readyReplicas")).isEqualTo(2);
          });
      controlPlane
          .genericKubernetesResources(CLONE_SETS)
          .inNamespace("default")
          .withName("only-live")
          .delete();
      Awaitility.await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(
                      member
                          .pods()
                          .inNamespace("default")
                          .withLabel("app", "only-live")
                          .list()
                          .getItems())
                  .isEmpty());
    }
  }

  /** What the program behind a forwarded port says; it is kwok's own server. */
  private static String forwardedHealth(String pod) throws Exception {
    int port = freePort();
    Process forward = kubectl("port-forward", "pod/" + pod, port + ":8080").start();
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/healthz")).build();
      return Awaitility.await()
          .atMost(PATIENCE)
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(
              () -> http.send(request, HttpResponse.BodyHandlers.ofString()).body(),
              body -> !body.isEmpty());
    } finally {
      forward.destroy();
      forward.waitFor();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static String run(String... arguments) throws Exception {
    Process process = kubectl(arguments).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  private static ProcessBuilder kubectl(String... arguments) {
    List<String> command = new ArrayList<>(List.of(kubectl));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("KUBECONFIG", cluster.kubeconfig().toString());
    return builder;
  }

  private static GenericKubernetesResource cloneSet(String name, String placement) {
    GenericKubernetesResource cloneSet = new GenericKubernetesResource();
    cloneSet.setApiVersion("apps.kruise.io/v1alpha1");
    cloneSet.setKind("CloneSet");
    cloneSet.setMetadata(
        new ObjectMetaBuilder()
            .withName(name)
            .addToAnnotations("testclusters.multicluster.io/placement", placement)
            .build());
    cloneSet.setAdditionalProperty(
        "spec",
        Map.of(
            "replicas", 2,
            "selector", Map.of("matchLabels", Map.of("app", name)),
            "template",
                Map.of(
                    "metadata",
                    Map.of("labels", Map.of("app", name)),
                    "spec",
                    Map.of("containers", List.of(Map.of("name", "main", "image", "web:v1"))))));
    return cloneSet;
  }
}
