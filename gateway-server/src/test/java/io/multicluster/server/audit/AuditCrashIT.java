package io.multicluster.server.audit;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.certs.Kubeconfig;
import io.multicluster.server.GatewayProcess;
import io.multicluster.server.StateFolder;
import io.multicluster.server.TestUsers;
import io.multicluster.server.config.ConfigurationFile;
import io.multicluster.server.config.GatewayConfiguration;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The gateway as a process of its own over a real control plane, killed at random points of many
 * writes, and on a disk that becomes full. The control plane's own audit log says what happened;
 * ours must know all of it, and nothing else.
 *
 * <p>{@code -Daudit.writes=1000} for the full number.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class AuditCrashIT {
  private static final int WRITES = Integer.getInteger("audit.writes", 200);
  private static final int WRITES_PER_LIFE = 100;
  private static final int WRITERS = 16;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MAPS = "/api/v1/namespaces/crash/configmaps";

  @TempDir private Path folder;
  private final List<AutoCloseable> started = new ArrayList<>();
  private final int port = freePort();

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable part : started.reversed()) {
      part.close();
    }
  }

  @Test
  void knowsEveryChangeThatTheControlPlaneMade() throws Exception {
    RealClusters.assumeAvailable();
    Path truth = folder.resolve("truth.log");
    Path file = configuration(controlPlane(truth));
    StateFolder state = StateFolder.of(ConfigurationFile.read(file));
    HttpClient client = client(ConfigurationFile.read(file), state);

    long seed = System.nanoTime();
    Random random = new Random(seed);
    AtomicInteger written = new AtomicInteger();
    int kills = 0;
    while (written.get() < WRITES) {
      Process gateway = start(client, file);
      int killAt = written.get() + 1 + random.nextInt(WRITES_PER_LIFE);
      try (Writers writers = new Writers(client, written)) {
        awaitCount(written, killAt);
        gateway.destroyForcibly();
        writers.stop.set(true);
        gateway.waitFor();
      }
      kills++;
    }
    Path log = state.root().resolve("audit/audit.log");
    int open = OpenIntents.find(log).size();
    Process last = start(client, file);
    Awaitility.await("all intents have their outcome")
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofSeconds(2))
        .until(() -> OpenIntents.find(log).isEmpty());
    last.destroyForcibly().waitFor();

    Reconciled found = reconcile("seed " + seed, log, truth);
    System.out.printf(
        "%d writes, %d kills, %d changes by the control plane, %d open after the last kill, %d of"
            + " unknown outcome%n",
        written.get(), kills, found.changes, open, found.unknown);
    assertThat(found.changes).as("the test wrote something").isGreaterThan(WRITES / 4);
  }

  @Test
  void losesNothingOnADiskThatBecomesFull() throws Exception {
    RealClusters.assumeAvailable();
    Path small = Files.createDirectory(folder.resolve("small"));
    assumeThat(mayMount(small)).as("file systems of one's own").isTrue();
    Path truth = folder.resolve("truth.log");
    Path file = configuration(controlPlane(truth), "audit: {log: {path: small/audit.log}}");
    StateFolder state = StateFolder.of(ConfigurationFile.read(file));
    HttpClient client = client(ConfigurationFile.read(file), state);

    String serve =
        GatewayProcess.command(file).stream().map(word -> "'" + word + "'").collect(joining(" "));
    Process gateway =
        launch(inOwnNamespace("mount -t tmpfs -o size=12m tmpfs '" + small + "' && exec " + serve));
    awaitReady(client, gateway);
    Path inside = Path.of("/proc/" + gateway.pid() + "/root" + small);
    Path log = inside.resolve("audit.log");
    AtomicInteger written = new AtomicInteger();
    try (Writers writers = new Writers(client, written)) {
      awaitCount(written, 100);
      try (DiskFiller filler = new DiskFiller(inside.resolve("filler"))) {
        awaitCount(writers.refused, 100);
        assertThat(client.send(to(MAPS).build(), BodyHandlers.discarding()).statusCode())
            .as("reads go on")
            .isEqualTo(200);
        assertThat(filler.full.get()).isTrue();
      }
      int made = writers.made.get();
      awaitCount(writers.made, made + 100);
    }
    Awaitility.await("all intents have their outcome")
        .atMost(Duration.ofMinutes(1))
        .until(() -> OpenIntents.find(log).isEmpty());
    Path kept = Files.copy(log, folder.resolve("kept.log"));
    gateway.destroyForcibly().waitFor();

    Reconciled found = reconcile("full disk", kept, truth);
    System.out.printf(
        "%d writes, %d changes by the control plane, %d of unknown outcome%n",
        written.get(), found.changes, found.unknown);
    assertThat(found.unknown).as("nothing broke off").isZero();
  }

  /**
   * What the two logs have in common.
   *
   * @param unknown how many changes have an outcome that says no more than that
   */
  private record Reconciled(int changes, int unknown) {}

  /** Fails unless each change of either log is in the other, with the same outcome. */
  private static Reconciled reconcile(String circumstance, Path log, Path truth)
      throws IOException {
    Map<String, JsonNode> intents = new HashMap<>();
    Map<String, JsonNode> outcomes = new HashMap<>();
    for (String line : Files.readAllLines(log)) {
      JsonNode event = JSON.readTree(line);
      (event.path("stage").asText().equals("RequestReceived") ? intents : outcomes)
          .put(event.path("auditID").asText(), event);
    }
    Map<String, JsonNode> changes = changes(truth);
    int unknown = 0;
    for (Map.Entry<String, JsonNode> entry : changes.entrySet()) {
      JsonNode change = entry.getValue();
      String id = entry.getKey();
      assertThat(intents).as("%s: the intent of %s", circumstance, change).containsKey(id);
      assertThat(outcomes).as("%s: the outcome of %s", circumstance, change).containsKey(id);
      JsonNode outcome = Objects.requireNonNull(outcomes.get(id));
      String certainty = certainty(outcome);
      if (certainty.equals("unknown")) {
        unknown++;
      } else {
        assertThat(certainty).as("%s: %s", circumstance, outcome).isEmpty();
        assertThat(outcome.at("/responseStatus/code"))
            .as("%s: %s", circumstance, outcome)
            .isEqualTo(change.at("/responseStatus/code"));
      }
    }
    outcomes.forEach((id, outcome) -> {
      if (certainty(outcome).isEmpty()
          && outcome.at("/responseStatus/code").asInt() < 300
          && outcome.at("/objectRef/namespace").asText().equals("crash")
          && !outcome.path("verb").asText().equals("list")) {
        assertThat(changes)
            .as("%s: a change that was made: %s", circumstance, outcome)
            .containsKey(id);
      }
    });
    return new Reconciled(changes.size(), unknown);
  }

  private static String certainty(JsonNode outcome) {
    return outcome.at("/annotations/audit.multicluster.io~1outcome").asText();
  }

  private static void awaitCount(AtomicInteger count, int least) {
    Awaitility.await("the point in the writes")
        .atMost(Duration.ofMinutes(3))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .until(() -> count.get() >= least);
  }

  /** Clients that write without a pause; closing waits for the answers of what they began. */
  private final class Writers implements AutoCloseable {
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicInteger made = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final List<Future<?>> running = new ArrayList<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    Writers(HttpClient client, AtomicInteger numbers) {
      for (int i = 0; i < WRITERS; i++) {
        running.add(
            threads.submit(() -> {
              while (!stop.get()) {
                switch (write(client, numbers.getAndIncrement())) {
                  case 200, 201 -> made.incrementAndGet();
                  case 503 -> refused.incrementAndGet();
                  default -> {}
                }
              }
            }));
      }
    }

    @Override
    public void close() {
      stop.set(true);
      threads.close();
      for (Future<?> writer : running) {
        if (writer.state() == Future.State.FAILED) {
          throw new AssertionError(writer.exceptionNow());
        }
      }
    }
  }

  /** Takes all space that there is, again and again, until it is closed. */
  private static final class DiskFiller implements AutoCloseable {
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicBoolean full = new AtomicBoolean();
    private final Path file;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();

    DiskFiller(Path file) {
      this.file = file;
      thread.execute(this::fill);
    }

    private void fill() {
      ByteBuffer zeros = ByteBuffer.allocate(4096);
      while (!stop.get()) {
        try (FileChannel out =
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
          while (!stop.get()) {
            out.write(zeros.clear());
          }
        } catch (IOException noSpace) {
          full.set(true);
          LockSupport.parkNanos(1_000_000); // Others need the processor too.
        }
      }
    }

    @Override
    public void close() throws IOException {
      stop.set(true);
      thread.close();
      Files.delete(file);
    }
  }

  /**
   * Creates, patches and deletes three objects in turn; whether it succeeds is not its matter.
   *
   * @return the answer's code; 0 if there was none
   */
  private int write(HttpClient client, int number) {
    String name = MAPS + "/m" + number / 3;
    HttpRequest.Builder request =
        switch (number % 3) {
          case 0 ->
              to(MAPS)
                  .header("content-type", "application/json")
                  .POST(
                      BodyPublishers.ofString(
                          "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m"
                              + number / 3
                              + "\"}}"));
          case 1 ->
              to(name)
                  .header("content-type", "application/merge-patch+json")
                  .method(
                      "PATCH", BodyPublishers.ofString("{\"data\":{\"n\":\"" + number + "\"}}"));
          default -> to(name).DELETE();
        };
    try {
      return client.send(request.build(), BodyHandlers.discarding()).statusCode();
    } catch (IOException killed) {
      return 0; // What became of it, the logs must tell.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + path))
        .timeout(Duration.ofSeconds(60));
  }

  /**
   * What the control plane did for the gateway's users: the last try of each change. Admission asks
   * for dry runs first, and tries again when somebody else's change came between.
   */
  private static Map<String, JsonNode> changes(Path truth) throws IOException {
    Map<String, JsonNode> changes = new LinkedHashMap<>();
    for (String line : Files.readAllLines(truth)) {
      JsonNode event = JSON.readTree(line);
      if (event.at("/impersonatedUser/username").asText().equals("writer")
          && !event.path("requestURI").asText().contains("dryRun=All")) {
        changes.put(event.path("auditID").asText(), event);
      }
    }
    return changes;
  }

  private TestCluster controlPlane(Path truth) throws IOException {
    Path policy = folder.resolve("policy.yaml");
    Files.writeString(
        policy,
        """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived, ResponseStarted]
        rules:
        - level: Metadata
          namespaces: [crash]
          resources: [{group: "", resources: [configmaps]}]
          verbs: [create, update, patch, delete, deletecollection]
        """);
    TestCluster cluster =
        new RealClusters(_ -> {})
            .start(
                ClusterSpec.bare("control-plane", folder.resolve("cp"))
                    .withApiServerFlags(
                        "--audit-policy-file=" + policy, "--audit-log-path=" + truth));
    started.add(cluster);
    try (KubernetesClient admin = cluster.access().client()) {
      admin
          .resource(
              new NamespaceBuilder().withNewMetadata().withName("crash").endMetadata().build())
          .create();
      admin
          .resource(
              new ClusterRoleBindingBuilder()
                  .withNewMetadata()
                  .withName("writers")
                  .endMetadata()
                  .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "cluster-admin")
                  .addNewSubject("rbac.authorization.k8s.io", "Group", "writers", null)
                  .build())
          .create();
    }
    return cluster;
  }

  private Path configuration(TestCluster controlPlane, String... more) throws IOException {
    Path file = folder.resolve("gateway.yaml");
    Files.writeString(
        file,
        """
        apiVersion: multicluster.io/v1alpha1
        kind: GatewayConfiguration
        listen: {port: %d}
        controlPlane: {kubeconfig: %s}
        resources: {cached: [pods], federated: [configmaps]}
        """
                .formatted(port, controlPlane.kubeconfig())
            + String.join("\n", more));
    return file;
  }

  private Process start(HttpClient client, Path configuration) throws IOException {
    Process process = launch(new ProcessBuilder(GatewayProcess.command(configuration)));
    awaitReady(client, process);
    return process;
  }

  /** A shell whose mounts nobody else sees; its process is that of what it executes. */
  private static ProcessBuilder inOwnNamespace(String script) {
    return new ProcessBuilder(
        "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script);
  }

  private static boolean mayMount(Path folder) throws InterruptedException {
    try {
      return inOwnNamespace("mount -t tmpfs tmpfs '" + folder + "'").start().waitFor() == 0;
    } catch (IOException noSuchProgram) {
      return false;
    }
  }

  private Process launch(ProcessBuilder command) throws IOException {
    Process process =
        command
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(folder.resolve("gateway.out").toFile()))
            .start();
    started.add(process::destroyForcibly);
    return process;
  }

  private void awaitReady(HttpClient client, Process gateway) {
    Awaitility.await("ready")
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofMillis(200))
        .until(() -> {
          assertThat(gateway.isAlive()).as(() -> read(folder.resolve("gateway.out"))).isTrue();
          try {
            HttpResponse<String> answer =
                client.send(to("/readyz/control-plane").build(), BodyHandlers.ofString());
            return answer.statusCode() == 200;
          } catch (IOException notYet) {
            return false;
          }
        });
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private HttpClient client(GatewayConfiguration configuration, StateFolder state)
      throws Exception {
    HttpClient client =
        TestUsers.http(
            new Kubeconfig(
                "gateway",
                URI.create("https://127.0.0.1:" + configuration.listen().port()),
                state.servingCertificates(configuration).authorityPem(),
                "writer",
                TestUsers.of(state).issue("writer", List.of("writers"))));
    started.add(client::shutdownNow);
    return client;
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
