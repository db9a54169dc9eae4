package io.multicluster.server.e2e;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.certs.Kubeconfig;
import io.multicluster.server.Gateway;
import io.multicluster.server.StateFolder;
import io.multicluster.server.TestUsers;
import io.multicluster.server.config.ConfigurationFile;
import io.multicluster.server.config.GatewayConfiguration;
import io.multicluster.testclusters.ClusterAccess;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/**
 * A real control plane and a real member, without controllers that would change anything by
 * themselves, and the gateway before them in this JVM. Users of group {@code dev} and {@code sre}
 * may read and change everything; only {@code sre} may break the glass.
 */
final class ProtectedFederation implements AutoCloseable {
  static final String NAMESPACE = "prod-shop";
  static final String AUTOSCALER = "system:serviceaccount:kube-system:autoscaler";

  private final Path folder;
  private final Deque<Runnable> parts = new ArrayDeque<>();
  private final TestCluster controlPlane;
  private final TestCluster member;
  private final Kubectl kubectl;
  private final TestUsers users;
  private final String authority;
  private final Gateway gateway;

  ProtectedFederation(Path folder) throws Exception {
    this.folder = folder;
    RealClusters clusters = new RealClusters(System.err::println);
    controlPlane = clusters.start(ClusterSpec.bare("control-plane", folder.resolve("cp")));
    parts.push(controlPlane::close);
    member = clusters.start(ClusterSpec.bare("m1", folder.resolve("m1")));
    parts.push(member::close);
    kubectl = Kubectl.of("1.36", controlPlane.kubeconfig());
    apply(direct(), crd(), resource("/io/multicluster/testclusters/federation/clonesets.yaml"));
    direct().ok("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
    for (Kubectl cluster : List.of(direct(), member())) {
      apply(cluster, RIGHTS, "{apiVersion: v1, kind: Namespace, metadata: {name: prod-shop}}");
    }
    Path file = folder.resolve("gateway.yaml");
    Files.writeString(
        file,
        """
        apiVersion: multicluster.io/v1alpha1
        kind: GatewayConfiguration
        listen: {port: 0}
        controlPlane: {kubeconfig: %s}
        members: {static: [{name: m1, kubeconfig: %s}]}
        resources: {cached: [pods, events], federated: ["*"]}
        admission:
          breakGlassGroups: [sre]
          autoscalerUsers: ["%s"]
        """
            .formatted(controlPlane.kubeconfig(), member.kubeconfig(), AUTOSCALER));
    GatewayConfiguration configuration = ConfigurationFile.read(file);
    StateFolder state = StateFolder.of(configuration);
    users = TestUsers.of(state);
    authority = state.servingCertificates(configuration).authorityPem();
    gateway = Gateway.start(configuration);
    parts.push(gateway::close);
    try (RawKube probe = raw("probe")) {
      Awaitility.await("the gateway is ready")
          .atMost(Duration.ofMinutes(2))
          .until(() -> probe.get("/readyz").status() == 200);
    }
  }

  /** Everything but to become somebody else. */
  private static final String RIGHTS =
      """
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata: {name: everything}
      rules:
      - apiGroups: ["*"]
        resources: ["*"]
        verbs: [get, list, watch, create, update, patch, delete, deletecollection]
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata: {name: everything}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: everything}
      subjects:
      - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: dev}
      - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: sre}
      - {apiGroup: rbac.authorization.k8s.io, kind: User, name: "%s"}
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata: {name: impersonator}
      rules:
      - {apiGroups: [""], resources: [users, groups, serviceaccounts], verbs: [impersonate]}
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata: {name: impersonators}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: impersonator}
      subjects:
      - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: sre}
      """
          .formatted(AUTOSCALER);

  /** The control plane itself, as its administrator. */
  Kubectl direct() {
    return kubectl;
  }

  /** The member itself, as its administrator. */
  Kubectl member() {
    return kubectl.as(member.kubeconfig());
  }

  /** The control plane itself, as its administrator, without a client's manners. */
  RawKube rawDirect() throws IOException {
    return raw(controlPlane.access());
  }

  /** The member itself, as its administrator, without a client's manners. */
  RawKube rawMember() throws IOException {
    return raw(member.access());
  }

  private RawKube raw(ClusterAccess access) throws IOException {
    Path certificate = folder.resolve(access.name() + "-admin.crt");
    Path key = folder.resolve(access.name() + "-admin.key");
    Files.writeString(certificate, access.clientCertificate());
    Files.writeString(key, access.clientKey());
    return new RawKube(
        access.server(), access.caCertificate(), KeyedCertificate.read(certificate, key));
  }

  KubernetesClient directClient() {
    return controlPlane.access().client();
  }

  KubernetesClient memberClient() {
    return member.access().client();
  }

  /** The gateway, as a user. */
  Kubectl as(String user, String... groups) throws IOException {
    Path file = folder.resolve(user + ".kubeconfig");
    kubeconfig(user, issue(user, groups)).write(file);
    return kubectl.as(file);
  }

  /** The gateway, as a user, without a client's manners. */
  RawKube raw(String user, String... groups) throws IOException {
    return new RawKube(server(), authority, issue(user, groups));
  }

  private KeyedCertificate issue(String user, String... groups) throws IOException {
    return users.issue(user, List.of(groups));
  }

  private Kubeconfig kubeconfig(String user, KeyedCertificate credential) {
    return new Kubeconfig("gateway", server(), authority, user, credential);
  }

  /** Where the gateway is. */
  URI server() {
    return URI.create("https://127.0.0.1:" + gateway.address().getPort());
  }

  static void apply(Kubectl kubectl, String... documents) {
    Kubectl.Result result =
        kubectl.run(String.join("\n---\n", documents), Map.of(), "apply", "-f", "-");
    if (result.exit() != 0) {
      throw new AssertionError(result.out() + result.err());
    }
  }

  /** The CRD that we ship. */
  private static String crd() throws IOException {
    return Files.readString(
        DemoProcess.repository()
            .resolve("deploy/crds/protectionpolicies.policy.multicluster.io.yaml"));
  }

  /** The kind that Karmada has for its members. */
  static String clusters() throws IOException {
    return resource("/io/multicluster/testclusters/federation/clusters.yaml");
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = TestCluster.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    while (!parts.isEmpty()) {
      parts.pop().run();
    }
  }
}
