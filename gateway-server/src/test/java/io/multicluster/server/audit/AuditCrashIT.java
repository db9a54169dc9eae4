package io.multicluster.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.certs.CertificateAuthority;
import io.multicluster.certs.ClientCertificates;
import io.multicluster.certs.FileInventory;
import io.multicluster.certs.KeyAlgorithm;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.server.StateFolder;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
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
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The gateway as a process of its own over a real control plane, killed at random points of many
 * writes. The control plane's own audit log says what happened; ours must know all of it.
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
    TestCluster controlPlane = controlPlane(truth);
    try (KubernetesClient admin = controlPlane.access().client()) {
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
    Path file = configuration(controlPlane);
    StateFolder state = StateFolder.of(ConfigurationFile.read(file));
    HttpClient client = client(ConfigurationFile.read(file), state);

    long seed = System.nanoTime();
    Random random = new Random(seed);
    AtomicInteger written = new AtomicInteger();
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      while (written.get() < WRITES) {
        Process gateway = gateway(file);
        awaitReady(client, gateway);
        int killAt = written.get() + 1 + random.nextInt(WRITES_PER_LIFE);
        AtomicBoolean killed = new AtomicBoolean();
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
          running.add(
              writers.submit(() -> {
                while (!killed.get()) {
                  write(client, written.getAndIncrement());
                }
              }));
        }
        Awaitility.await("the random point")
            .atMost(Duration.ofMinutes(3))
            .pollDelay(Duration.ZERO)
            .pollInterval(Duration.ofMillis(2))
            .until(() -> written.get() >= killAt);
        gateway.destroyForcibly();
        killed.set(true);
        gateway.waitFor();
        for (Future<?> writer : running) {
          writer.get();
        }
      }
    }
    Path log = state.root().resolve("audit/audit.log");
    int open = OpenIntents.find(log).size();
    Process last = gateway(file);
    awaitReady(client, last);
    Awaitility.await("all intents have their outcome")
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofSeconds(2))
        .until(() -> OpenIntents.find(log).isEmpty());
    last.destroyForcibly().waitFor();

    Map<String, JsonNode> intents = new HashMap<>();
    Map<String, JsonNode> outcomes = new HashMap<>();
    for (String line : Files.readAllLines(log)) {
      JsonNode event = JSON.readTree(line);
      (event.path("stage").asText().equals("RequestReceived") ? intents : outcomes)
          .put(event.path("auditID").asText(), event);
    }
    Collection<JsonNode> changes = changes(truth);
    int unknown = 0;
    for (JsonNode change : changes) {
      String id = change.path("auditID").asText();
      assertThat(intents).as("seed %d: the intent of %s", seed, change).containsKey(id);
      assertThat(outcomes).as("seed %d: the outcome of %s", seed, change).containsKey(id);
      JsonNode outcome = Objects.requireNonNull(outcomes.get(id));
      String certainty = outcome.at("/annotations/audit.multicluster.io~1outcome").asText();
      if (certainty.equals("unknown")) {
        unknown++;
      } else {
        assertThat(certainty).as("seed %d: %s", seed, outcome).isEmpty();
        assertThat(outcome.at("/responseStatus/code"))
            .as("seed %d: %s", seed, outcome)
            .isEqualTo(change.at("/responseStatus/code"));
      }
    }
    System.out.printf(
        "%d writes, %d seen by the control plane, %d open after the last kill, %d of unknown"
            + " outcome%n",
        written.get(), changes.size(), open, unknown);
    assertThat(changes).as("the test wrote something").hasSizeGreaterThan(WRITES / 4);
  }

  /** Creates, patches and deletes three objects in turn; whether it succeeds is not its matter. */
  private void write(HttpClient client, int number) {
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
      client.send(request.build(), BodyHandlers.discarding());
    } catch (IOException killed) {
      // What became of it, the logs must tell.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
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
  private static Collection<JsonNode> changes(Path truth) throws IOException {
    Map<String, JsonNode> changes = new LinkedHashMap<>();
    for (String line : Files.readAllLines(truth)) {
      JsonNode event = JSON.readTree(line);
      if (event.at("/impersonatedUser/username").asText().equals("writer")
          && !event.path("requestURI").asText().contains("dryRun=All")) {
        changes.put(event.path("auditID").asText(), event);
      }
    }
    return changes.values();
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
    return cluster;
  }

  private Path configuration(TestCluster controlPlane) throws IOException {
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
            .formatted(port, controlPlane.kubeconfig()));
    return file;
  }

  private Process gateway(Path configuration) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.multicluster.server.cli.Main",
                "serve",
                "--config",
                configuration.toString())
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
    CertificateAuthority authority =
        CertificateAuthority.create(
            "users", KeyAlgorithm.ECDSA_P256, Duration.ofDays(1), Clock.systemUTC());
    authority
        .keyedCertificate()
        .write(state.clientAuthorityCertificate(), state.clientAuthorityKey());
    KeyedCertificate credential =
        new ClientCertificates(authority, new FileInventory(state.inventory()), Clock.systemUTC())
            .issue("writer", List.of("writers"), Duration.ofHours(1), KeyAlgorithm.ECDSA_P256);
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    own.setKeyEntry(
        "own", credential.key(), new char[0], credential.chain().toArray(Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, new char[0]);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry(
        "gateway",
        java.security.cert.CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new java.io.ByteArrayInputStream(
                    state
                        .servingCertificates(configuration)
                        .authorityPem()
                        .getBytes(java.nio.charset.StandardCharsets.US_ASCII))));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    HttpClient client = HttpClient.newBuilder().sslContext(tls).build();
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
