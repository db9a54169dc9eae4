package io.multicluster.server.e2e;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.server.Gateway;
import io.multicluster.server.config.ConfigurationException;
import io.multicluster.server.config.ConfigurationFile;
import io.multicluster.testclusters.ClusterAccess;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestAuthority;
import io.multicluster.testclusters.TestCluster;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A gateway in this JVM over two real clusters: a control plane, and the member {@code live} with
 * controllers, a scheduler and kubelets at work. Group {@code dev} may do everything in both, group
 * {@code half} in the control plane only.
 */
final class GatewayOverLiveMember implements AutoCloseable {
  static final String MEMBER = "live";
  private static final String NODE = "node-0";

  private final TestAuthority clients = new TestAuthority("clients");
  private final TestAuthority serving = new TestAuthority("serving");
  private final Path folder;
  private final PodNetwork network;
  private final TestCluster controlPlane;
  private final TestCluster member;
  private final Gateway gateway;

  private GatewayOverLiveMember(Path folder) throws IOException, ConfigurationException {
    this.folder = folder;
    RealClusters real = new RealClusters(System.err::println);
    network = PodNetwork.start(folder);
    controlPlane = real.start(ClusterSpec.bare("control-plane", folder.resolve("control-plane")));
    member =
        real.start(
            ClusterSpec.live(MEMBER, folder.resolve(MEMBER))
                .withApiServerFlags(network.apiServerFlag()));
    try (KubernetesClient federation = controlPlane.access().client();
        KubernetesClient direct = member.access().client()) {
      federation.resource(everythingFor("dev")).create();
      federation.resource(everythingFor("half")).create();
      direct.resource(everythingFor("dev")).create();
      direct.resource(node()).create();
    }
    gateway = startGateway();
  }

  static GatewayOverLiveMember start(Path folder) throws IOException, ConfigurationException {
    return new GatewayOverLiveMember(folder);
  }

  private Gateway startGateway() throws IOException, ConfigurationException {
    TestAuthority.Identity identity = serving.loopbackServer("gateway");
    Files.writeString(folder.resolve("clients-ca.crt"), clients.certificate());
    Files.writeString(folder.resolve("tls.crt"), identity.certificate());
    Files.writeString(folder.resolve("tls.key"), identity.key());
    Path file = folder.resolve("gateway.yaml");
    Files.writeString(
        file,
        """
        apiVersion: multicluster.io/v1alpha1
        kind: GatewayConfiguration
        listen: {port: 0}
        serving: {certificateFile: tls.crt, keyFile: tls.key}
        authentication: {clientCAFiles: [clients-ca.crt]}
        controlPlane: {kubeconfig: %s}
        members: {static: [{name: %s, kubeconfig: %s}]}
        resources:
          cached: [pods, events]
          federated: [configmaps, namespaces]
        """
            .formatted(controlPlane.kubeconfig(), MEMBER, member.kubeconfig()));
    return Gateway.start(ConfigurationFile.read(file));
  }

  /** A kubeconfig for the gateway as a whole. */
  Path kubeconfig(String user, String... groups) {
    return kubeconfig("", user, groups);
  }

  /** A kubeconfig for the gateway's entry of the member. */
  Path memberEntryKubeconfig(String user, String... groups) {
    return kubeconfig("/clusters/" + MEMBER, user, groups);
  }

  private Path kubeconfig(String path, String user, String... groups) {
    try {
      Path file = Files.createTempFile(folder, user, ".kubeconfig");
      access(path, user, groups).writeKubeconfig(file);
      return file;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * @param path of the entry, empty or {@code /clusters/NAME}
   */
  ClusterAccess access(String path, String user, String... groups) {
    URI server = URI.create("https://127.0.0.1:" + gateway.address().getPort() + path);
    TestAuthority.Identity identity = clients.client(user, groups);
    return new ClusterAccess(
        "gateway", server, serving.certificate(), identity.certificate(), identity.key());
  }

  TestCluster controlPlane() {
    return controlPlane;
  }

  TestCluster member() {
    return member;
  }

  /** What every container of the member has as its log and its terminal, see test-clusters. */
  Path containerLog() {
    return folder.resolve(MEMBER).resolve("container.log");
  }

  private static io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding everythingFor(
      String group) {
    return new ClusterRoleBindingBuilder()
        .withNewMetadata()
        .withName(group)
        .endMetadata()
        .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "cluster-admin")
        .addNewSubject("rbac.authorization.k8s.io", "Group", group, null)
        .build();
  }

  /** A node whose kubelet is there. */
  static io.fabric8.kubernetes.api.model.Node node() {
    Map<String, Quantity> capacity =
        Map.of(
            "cpu", new Quantity("32"), "memory", new Quantity("64Gi"), "pods", new Quantity("500"));
    return new NodeBuilder()
        .withNewMetadata()
        .withName(NODE)
        .addToAnnotations("kwok.x-k8s.io/node", "fake")
        .addToLabels("kubernetes.io/hostname", NODE)
        .endMetadata()
        .withNewStatus()
        .withCapacity(capacity)
        .withAllocatable(capacity)
        .endStatus()
        .build();
  }

  @Override
  public void close() {
    gateway.close();
    member.close();
    controlPlane.close();
    network.close();
  }
}
