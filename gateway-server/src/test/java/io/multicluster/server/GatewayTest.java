package io.multicluster.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.authentication.SelfSubjectReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectRulesReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectRulesReviewBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.multicluster.certs.CertificateAuthority;
import io.multicluster.certs.ClientCertificates;
import io.multicluster.certs.ControlPlaneInventory;
import io.multicluster.certs.FileInventory;
import io.multicluster.certs.KeyAlgorithm;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.certs.Kubeconfig;
import io.multicluster.server.config.ConfigurationFile;
import io.multicluster.server.config.GatewayConfiguration;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.TestCluster;
import io.multicluster.testclusters.simulated.SimulatedClusters;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gateway over simulated API servers: a control plane and one member. */
final class GatewayTest {
  @TempDir private static Path folder;

  private static SimulatedClusters clusters;
  private static TestCluster controlPlane;
  private static TestCluster member;
  private static KubernetesClient inventoryClient;
  private static TestUsers users;
  private static String servingAuthority;
  private static Gateway gateway;

  @BeforeAll
  static void start() throws Exception {
    clusters = new SimulatedClusters();
    controlPlane = clusters.start(ClusterSpec.bare("control-plane", folder.resolve("cp")));
    member = clusters.start(ClusterSpec.bare("m1", folder.resolve("m1")));
    Path file = folder.resolve("gateway.yaml");
    Files.writeString(
        file,
        """
        apiVersion: multicluster.io/v1alpha1
        kind: GatewayConfiguration
        listen: {port: 0}
        controlPlane: {kubeconfig: %s}
        members: {static: [{name: m1, kubeconfig: %s}]}
        resources:
          cached: [pods, events]
          federated: [configmaps, namespaces]
        """
            .formatted(controlPlane.kubeconfig(), member.kubeconfig()));
    GatewayConfiguration configuration = ConfigurationFile.read(file);
    StateFolder state = StateFolder.of(configuration);
    inventoryClient = controlPlane.access().client();
    users = TestUsers.of(state, new ControlPlaneInventory(inventoryClient, "multicluster-system"));
    servingAuthority = state.servingCertificates(configuration).authorityPem();
    for (TestCluster cluster : List.of(controlPlane, member)) {
      try (KubernetesClient client = cluster.access().client()) {
        client.resource(everythingFor("admins")).create();
      }
    }
    gateway = Gateway.start(configuration);
    HttpClient probe = HttpClient.newBuilder().sslContext(trusting()).build();
    Awaitility.await("ready")
        .atMost(Duration.ofSeconds(30))
        .until(() -> get(probe, "/readyz").body().equals("ok"));
    probe.close();
  }

  @AfterAll
  static void stop() {
    gateway.close();
    inventoryClient.close();
    member.close();
    controlPlane.close();
    clusters.close();
  }

  @Test
  void servesFederatedKindsFromTheControlPlane() throws Exception {
    try (KubernetesClient admin = client("admin", "admins");
        KubernetesClient direct = controlPlane.access().client()) {
      ConfigMap created =
          admin
              .resource(
                  new ConfigMapBuilder()
                      .withNewMetadata()
                      .withName("settings")
                      .withNamespace("default")
                      .endMetadata()
                      .addToData("a", "b")
                      .build())
              .create();

      assertThat(direct.configMaps().inNamespace("default").withName("settings").get())
          .isEqualTo(created);
    }
  }

  @Test
  void showsThePodsOfTheMembersWithTheirCluster() throws Exception {
    try (KubernetesClient admin = client("admin", "admins");
        KubernetesClient direct = member.access().client()) {
      direct.resource(pod("web-0")).create();

      Awaitility.await("the pod")
          .atMost(Duration.ofMinutes(1))
          .until(() -> admin.pods().inNamespace("default").withName("web-0").get() != null);
      Pod seen = admin.pods().inNamespace("default").withName("web-0").get();
      assertThat(seen.getMetadata().getLabels()).containsEntry("multicluster.io/cluster", "m1");
      assertThat(admin.pods().inNamespace("default").list().getItems()).contains(seen);
    }
  }

  @Test
  void refusesWhoHasNoPermissionInTheWordsOfKubeApiserver() throws Exception {
    try (KubernetesClient nobody = client("nobody")) {
      assertThatThrownBy(() -> nobody.pods().inNamespace("default").list())
          .isInstanceOfSatisfying(
              KubernetesClientException.class,
              e ->
                  assertThat(e.getStatus().getMessage())
                      .isEqualTo(
                          "pods is forbidden: User \"nobody\" cannot list resource \"pods\" in API"
                              + " group \"\" in the namespace \"default\""));
    }
  }

  @Test
  void tellsUsersWhoTheyAreAndWhatTheyMay() throws Exception {
    try (KubernetesClient admin = client("admin", "admins");
        KubernetesClient nobody = client("nobody", "guests")) {
      assertThat(mayList(admin, "pods")).isTrue();
      assertThat(mayList(nobody, "pods")).isFalse();
      SelfSubjectReview self =
          nobody
              .getKubernetesSerialization()
              .unmarshal(
                  nobody.raw(
                      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                      "POST",
                      new SelfSubjectReview()),
                  SelfSubjectReview.class);
      assertThat(Instant.parse(self.getMetadata().getCreationTimestamp()))
          .isBeforeOrEqualTo(Instant.now());
      assertThat(self.getStatus().getUserInfo().getUsername()).isEqualTo("nobody");
      assertThat(self.getStatus().getUserInfo().getGroups())
          .containsExactly("guests", "system:authenticated");
      SelfSubjectRulesReview rules =
          admin
              .getKubernetesSerialization()
              .unmarshal(
                  admin.raw(
                      "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
                      "POST",
                      new SelfSubjectRulesReviewBuilder()
                          .withNewSpec()
                          .withNamespace("default")
                          .endSpec()
                          .build()),
                  SelfSubjectRulesReview.class);
      assertThat(rules.getStatus().getIncomplete()).isFalse();
      assertThat(rules.getStatus().getResourceRules())
          .anySatisfy(rule -> {
            assertThat(rule.getVerbs()).containsExactly("*");
            assertThat(rule.getResources()).containsExactly("*");
          });
    }
  }

  @Test
  void goesOnJudgingWhileTheControlPlaneIsAway() throws Exception {
    try (KubernetesClient admin = client("admin", "admins");
        KubernetesClient newcomer = client("newcomer", "guests")) {
      Awaitility.await("rules are known")
          .atMost(Duration.ofSeconds(30))
          .until(() -> mayList(admin, "pods"));
      controlPlane.kill();
      try {
        assertThat(admin.pods().inNamespace("kube-system").list().getItems()).isEmpty();
        assertThat(mayList(newcomer, "pods")).isFalse();
        assertThatThrownBy(() -> newcomer.pods().inNamespace("kube-system").list())
            .isInstanceOfSatisfying(
                KubernetesClientException.class,
                e -> assertThat(e.getCode()).as(e.getMessage()).isEqualTo(403));
      } finally {
        controlPlane.restart();
      }
    }
  }

  private static boolean mayList(KubernetesClient client, String resource) {
    return client
        .authorization()
        .v1()
        .selfSubjectAccessReview()
        .create(
            new SelfSubjectAccessReviewBuilder()
                .withNewSpec()
                .withNewResourceAttributes()
                .withVerb("list")
                .withResource(resource)
                .withNamespace("default")
                .endResourceAttributes()
                .endSpec()
                .build())
        .getStatus()
        .getAllowed();
  }

  @Test
  void knowsNobodyWithoutACertificateOrWithOneOfAnotherAuthority() throws Exception {
    try (HttpClient without = HttpClient.newBuilder().sslContext(trusting()).build()) {
      HttpResponse<String> answer = get(without, "/api/v1/pods");
      assertThat(answer.statusCode()).isEqualTo(401);
      assertThat(answer.body()).contains("\"reason\":\"Unauthorized\"");
    }
    KeyedCertificate foreign =
        new ClientCertificates(
                CertificateAuthority.create(
                    "strangers", KeyAlgorithm.ECDSA_P256, Duration.ofDays(1), Clock.systemUTC()),
                new FileInventory(folder.resolve("strangers")),
                Clock.systemUTC())
            .issue("admin", List.of("admins"), Duration.ofHours(1), KeyAlgorithm.ECDSA_P256);
    try (KubernetesClient stranger = client("admin", foreign)) {
      assertThatThrownBy(() -> stranger.pods().inNamespace("default").list())
          .isInstanceOfSatisfying(
              KubernetesClientException.class,
              e -> assertThat(e.getCode()).as("%s", e).isEqualTo(401));
    }
  }

  @Test
  void locksOutAUserWhoseCertificatesAreRevoked() throws Exception {
    try (KubernetesClient leaver = client("leaver", "admins")) {
      assertThat(leaver.configMaps().inNamespace("default").list()).isNotNull();

      users.certificates().revokeUser("leaver");

      Awaitility.await("the revocation")
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() ->
              assertThatThrownBy(() -> leaver.configMaps().inNamespace("default").list())
                  .isInstanceOfSatisfying(
                      KubernetesClientException.class,
                      e -> assertThat(e.getCode()).isEqualTo(401)));
    }
  }

  @Test
  void hidesWhatTheConfigurationDoesNotName() throws Exception {
    try (KubernetesClient admin = client("admin", "admins")) {
      assertThatThrownBy(() -> admin.secrets().inNamespace("default").list())
          .isInstanceOfSatisfying(
              KubernetesClientException.class,
              e -> {
                assertThat(e.getCode()).isEqualTo(404);
                assertThat(e.getStatus().getMessage())
                    .isEqualTo("the server could not find the requested resource");
              });
      assertThat(admin.getApiResources("v1").getResources())
          .extracting(resource -> resource.getName())
          .contains("pods", "configmaps")
          .doesNotContain("secrets");
    }
  }

  @Test
  void servesTheWholeApiOfOneMemberUnderItsName() throws Exception {
    try (KubernetesClient admin =
        new KubernetesClientBuilder()
            .withConfig(
                Config.fromKubeconfig(
                    kubeconfig("admin", issue("admin", "admins")).forCluster("m1").yaml()))
            .build()) {
      assertThat(admin.secrets().inNamespace("default").list()).isNotNull();
    }
  }

  @Test
  void refusesToDeleteWhatIsProtectedAtTheControlPlane() throws Exception {
    try (KubernetesClient admin = client("admin", "admins")) {
      ConfigMap settings =
          new ConfigMapBuilder()
              .withNewMetadata()
              .withName("precious")
              .withNamespace("default")
              .addToLabels("policy.kruise.io/delete-protection", "Always")
              .endMetadata()
              .build();
      admin.resource(settings).create();

      assertThatThrownBy(() -> admin.resource(settings).delete())
          .isInstanceOfSatisfying(
              KubernetesClientException.class,
              e ->
                  assertThat(e.getStatus().getMessage())
                      .isEqualTo(
                          "configmaps \"precious\" is forbidden: policy.kruise.io/delete-protection="
                              + "Always protects it from deletion: remove the label first"));
      assertThat(admin.resource(settings).get()).isNotNull();
    }
  }

  @Test
  void refusesToDeleteWhatIsProtectedInAMember() throws Exception {
    try (KubernetesClient admin = client("admin", "admins");
        KubernetesClient direct = member.access().client()) {
      Pod precious = pod("precious");
      precious.getMetadata().setLabels(Map.of("policy.kruise.io/delete-protection", "Always"));
      direct.resource(precious).create();
      Awaitility.await("the pod")
          .atMost(Duration.ofMinutes(1))
          .until(() -> admin.pods().inNamespace("default").withName("precious").get() != null);

      assertThatThrownBy(() -> admin.resource(precious).delete())
          .isInstanceOfSatisfying(
              KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(403));
      assertThat(direct.resource(precious).get().getMetadata().getDeletionTimestamp()).isNull();

      admin.pods().inNamespace("default").withName("precious").edit(GatewayTest::unprotected);
      Awaitility.await("the deletion")
          .atMost(Duration.ofMinutes(1))
          .ignoreExceptions()
          .until(() -> !admin.resource(precious).delete().isEmpty());
    }
  }

  private static Pod unprotected(Pod pod) {
    return pod.edit()
        .editMetadata()
        .removeFromLabels("policy.kruise.io/delete-protection")
        .withResourceVersion(null)
        .endMetadata()
        .build();
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

  private static Pod pod(String name) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("default")
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("main")
        .withImage("registry.example.com/web:1")
        .endContainer()
        .endSpec()
        .build();
  }

  private static KeyedCertificate issue(String user, String... groups) throws Exception {
    return users.issue(user, List.of(groups));
  }

  private static KubernetesClient client(String user, String... groups) throws Exception {
    return client(user, issue(user, groups));
  }

  private static KubernetesClient client(String user, KeyedCertificate credential) {
    return new KubernetesClientBuilder()
        .withConfig(Config.fromKubeconfig(kubeconfig(user, credential).yaml()))
        .build();
  }

  private static Kubeconfig kubeconfig(String user, KeyedCertificate credential) {
    return new Kubeconfig("gateway", server(), servingAuthority, user, credential);
  }

  private static URI server() {
    return URI.create("https://127.0.0.1:" + gateway.address().getPort());
  }

  private static HttpResponse<String> get(HttpClient client, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(server().resolve(path)).build(), BodyHandlers.ofString());
  }

  private static SSLContext trusting() throws Exception {
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
    return tls;
  }
}
