package io.multicluster.server;

import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.certs.Kubeconfig;
import io.multicluster.server.config.ConfigurationFile;
import io.multicluster.server.config.GatewayConfiguration;
import io.multicluster.testclusters.TestCluster;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/**
 * A gateway in this JVM over API servers of a test, with pods and events cached. Its user may do
 * everything everywhere.
 */
public final class TestGateway implements AutoCloseable {
  private static final String GROUP = "admins";
  private static final String RESOURCES =
      """
      {cached: [pods, events, events.events.k8s.io], federated: [configmaps, namespaces]}\
      """;

  private final Gateway gateway;
  private final String servingAuthority;
  private final KeyedCertificate credential;
  private final HttpClient http;

  private TestGateway(Gateway gateway, String servingAuthority, KeyedCertificate credential)
      throws Exception {
    this.gateway = gateway;
    this.servingAuthority = servingAuthority;
    this.credential = credential;
    this.http = TestUsers.http(kubeconfig());
  }

  /**
   * Starts it and waits until it is ready.
   *
   * @param folder for its files
   */
  public static TestGateway start(Path folder, TestCluster controlPlane, List<TestCluster> members)
      throws Exception {
    return start(folder, controlPlane, members, RESOURCES);
  }

  /**
   * Starts it with other resources than those.
   *
   * @param resources the configuration's {@code resources}, in one line of YAML
   */
  public static TestGateway start(
      Path folder, TestCluster controlPlane, List<TestCluster> members, String resources)
      throws Exception {
    allowEverything(controlPlane);
    members.forEach(TestGateway::allowEverything);
    Path file = folder.resolve("gateway.yaml");
    Files.writeString(
        file,
        """
        apiVersion: multicluster.io/v1alpha1
        kind: GatewayConfiguration
        listen: {port: 0}
        controlPlane: {kubeconfig: %s}
        members: {static: [%s]}
        resources: %s
        """
            .formatted(
                controlPlane.kubeconfig(),
                members.stream()
                    .map(m -> "{name: " + m.name() + ", kubeconfig: " + m.kubeconfig() + "}")
                    .collect(Collectors.joining(", ")),
                resources));
    GatewayConfiguration configuration = ConfigurationFile.read(file);
    StateFolder state = StateFolder.of(configuration);
    KeyedCertificate credential = issueUser(state);
    TestGateway started =
        new TestGateway(
            Gateway.start(configuration),
            state.servingCertificates(configuration).authorityPem(),
            credential);
    Awaitility.await("ready")
        .atMost(Duration.ofSeconds(60))
        .until(() -> started.get("/readyz").equals("ok"));
    return started;
  }

  /**
   * Makes the client authority of a gateway that has none yet, and a user who may do everything.
   */
  static KeyedCertificate issueUser(StateFolder state) throws Exception {
    return TestUsers.of(state).issue("admin", List.of(GROUP));
  }

  /** Lets that user do everything in a cluster. */
  static void allowEverything(TestCluster cluster) {
    try (KubernetesClient client = cluster.access().client()) {
      client
          .resource(
              new ClusterRoleBindingBuilder()
                  .withNewMetadata()
                  .withName(GROUP)
                  .endMetadata()
                  .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "cluster-admin")
                  .addNewSubject("rbac.authorization.k8s.io", "Group", GROUP, null)
                  .build())
          .create();
    }
  }

  /** The user's way to all clusters; {@link Kubeconfig#forCluster} makes one to a single one. */
  public Kubeconfig kubeconfig() {
    return new Kubeconfig("gateway", server(), servingAuthority, "admin", credential);
  }

  public URI server() {
    return URI.create("https://127.0.0.1:" + gateway.address().getPort());
  }

  /** Requests of the user. */
  public HttpClient http() {
    return http;
  }

  private String get(String path) throws Exception {
    return http.send(
            HttpRequest.newBuilder(server().resolve(path)).build(), BodyHandlers.ofString())
        .body();
  }

  @Override
  public void close() {
    http.close();
    gateway.close();
  }
}
