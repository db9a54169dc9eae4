package io.multicluster.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.certs.KeyedCertificate;
import io.multicluster.certs.Kubeconfig;
import io.multicluster.server.config.ConfigurationFile;
import io.multicluster.server.config.GatewayConfiguration;
import io.multicluster.testclusters.TestCluster;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * The gateway as a process of its own, which can be killed and started again: over a control plane
 * and the members that it knows, with pods and events cached. Its user may do everything.
 */
public final class GatewayProcess implements AutoCloseable {
  private final Path folder;
  private final Path configuration;
  private final Kubeconfig kubeconfig;
  private final HttpClient http;
  private @Nullable Process process;

  /**
   * Writes its files; starts nothing.
   *
   * @param folder for its files
   */
  public GatewayProcess(Path folder, TestCluster controlPlane) throws Exception {
    TestGateway.allowEverything(controlPlane);
    this.folder = folder;
    this.configuration = folder.resolve("gateway.yaml");
    int port = freePort();
    Files.writeString(
        configuration,
        """
        apiVersion: multicluster.io/v1alpha1
        kind: GatewayConfiguration
        listen: {port: %d}
        controlPlane: {kubeconfig: %s}
        members: {fromControlPlane: true}
        resources:
          cached: [pods, events, events.events.k8s.io]
          federated: [configmaps, namespaces]
        """
            .formatted(port, controlPlane.kubeconfig()));
    GatewayConfiguration read = ConfigurationFile.read(configuration);
    StateFolder state = StateFolder.of(read);
    KeyedCertificate user = TestGateway.issueUser(state);
    this.kubeconfig =
        new Kubeconfig(
            "gateway",
            URI.create("https://127.0.0.1:" + port),
            state.servingCertificates(read).authorityPem(),
            "admin",
            user);
    this.http = TestUsers.http(kubeconfig);
  }

  /** The user's way to all clusters; the same for all lives of the process. */
  public Kubeconfig kubeconfig() {
    return kubeconfig;
  }

  /** Starts it and waits until it is ready. */
  public void start() throws IOException {
    Process started =
        new ProcessBuilder(command(configuration))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()))
            .start();
    process = started;
    Awaitility.await("the gateway is ready")
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofMillis(100))
        .until(() -> {
          assertThat(started.isAlive()).as(log()).isTrue();
          return isReady();
        });
  }

  /** Runs a gateway of the classes under test. */
  public static List<String> command(Path configuration) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin/java").toString(),
        "-Xmx512m",
        "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        "io.multicluster.server.cli.Main",
        "serve",
        "--config",
        configuration.toString());
  }

  /** SIGKILL; returns when it is gone. */
  public void kill() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly().onExit().join();
    }
  }

  /** The body of an answer. */
  public String get(String path) throws IOException, InterruptedException {
    return answer(path).body();
  }

  /** The {@code Warning} headers of an answer. */
  public List<String> warnings(String path) throws IOException, InterruptedException {
    return answer(path).headers().allValues("warning");
  }

  private HttpResponse<String> answer(String path) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(kubeconfig.server().resolve(path))
            .timeout(Duration.ofSeconds(60))
            .build(),
        BodyHandlers.ofString());
  }

  /** What all its lives have logged. */
  public String log() throws IOException {
    return Files.readString(logFile());
  }

  private Path logFile() {
    return folder.resolve("gateway.log");
  }

  private boolean isReady() throws InterruptedException {
    try {
      return get("/readyz").equals("ok");
    } catch (IOException notYet) {
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    kill();
    http.shutdownNow();
  }
}
