package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestStatus;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.certs.Kubeconfig;
import io.multicluster.server.Gateway;
import io.multicluster.server.cli.Main;
import io.multicluster.server.config.ConfigurationFile;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Users of two replicas in front of one real control plane: how they come in, and are kept out. */
class IdentityOnRealClustersIT {
  private static final String CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
  private static final String FIXED_TOKEN = "fixed-0123456789abcdef";

  @TempDir private static Path folder;

  private static TestCluster controlPlane;
  private static final List<Gateway> replicas = new ArrayList<>();
  private static final Queue<String> log = new ConcurrentLinkedQueue<>();

  @BeforeAll
  static void start() throws Exception {
    RealClusters.assumeAvailable();
    controlPlane =
        new RealClusters(_ -> {}).start(ClusterSpec.bare("control-plane", folder.resolve("cp")));
    Files.writeString(folder.resolve("tokens.csv"), FIXED_TOKEN + ",robot,7,\"dev,ops\"\n");
    for (String replica : List.of("a", "b")) {
      configure(replica);
    }
    certs("init", "--algorithm", "ecdsa-p256");
    issueFrontProxy();
    try (KubernetesClient client = controlPlane.access().client()) {
      client
          .resource(
              new ClusterRoleBuilder()
                  .withNewMetadata()
                  .withName("developer")
                  .endMetadata()
                  .addNewRule()
                  .withApiGroups("")
                  .withResources("configmaps", "pods", "pods/log")
                  .withVerbs("get", "list", "watch")
                  .endRule()
                  .addNewRule()
                  .withApiGroups("")
                  .withResources("configmaps")
                  .withResourceNames("own")
                  .withVerbs("*")
                  .endRule()
                  .build())
          .create();
      client
          .resource(
              new RoleBindingBuilder()
                  .withNewMetadata()
                  .withName("dev")
                  .withNamespace("default")
                  .endMetadata()
                  .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "developer")
                  .addNewSubject("rbac.authorization.k8s.io", "Group", "dev", null)
                  .build())
          .create();
      client
          .resource(
              new ClusterRoleBindingBuilder()
                  .withNewMetadata()
                  .withName("admins")
                  .endMetadata()
                  .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "cluster-admin")
                  .addNewSubject("rbac.authorization.k8s.io", "Group", "admins", null)
                  .build())
          .create();
      client
          .resource(
              new ConfigMapBuilder()
                  .withNewMetadata()
                  .withName("seen")
                  .withNamespace("default")
                  .endMetadata()
                  .build())
          .create();
    }
    captureLog();
    for (String replica : List.of("a", "b")) {
      Gateway gateway = Gateway.start(ConfigurationFile.read(file(replica)));
      replicas.add(gateway);
    }
    HttpClient probe = client(null);
    for (Gateway gateway : replicas) {
      Awaitility.await("a replica is ready")
          .atMost(Duration.ofSeconds(60))
          .until(() -> get(probe, gateway, "/readyz").body().equals("ok"));
    }
  }

  @AfterAll
  static void stop() {
    replicas.forEach(Gateway::close);
    if (controlPlane != null) {
      controlPlane.close();
    }
  }

  @Test
  void aRevokedCertificateIsRefusedAndItsWatchesEndOnBothReplicas() throws Exception {
    KeyedCertificate leaver = issue("leaver", "dev");
    List<CompletableFuture<Void>> watches = new ArrayList<>();
    for (Gateway gateway : replicas) {
      HttpClient client = client(leaver);
      assertThat(get(client, gateway, CONFIG_MAPS).statusCode()).isEqualTo(200);
      watches.add(watch(client, gateway));
    }
    HttpClient other = client(issue("stayer", "dev"));
    CompletableFuture<Void> stays = watch(other, replicas.getFirst());

    long begun = System.nanoTime();
    certs("revoke", "--user", "leaver");
    for (CompletableFuture<Void> watch : watches) {
      watch.get(5, TimeUnit.SECONDS);
    }
    System.err.printf(
        "watches of a revoked user ended within %d ms%n",
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
    for (Gateway gateway : replicas) {
      assertThat(get(client(leaver), gateway, CONFIG_MAPS).statusCode()).isEqualTo(401);
    }
    assertThat(stays).as("the watch of somebody else").isNotDone();
    // Certificates count in whole seconds: one from after the revocation begins in the next.
    Awaitility.await("a certificate issued since is good")
        .atMost(Duration.ofSeconds(30))
        .until(() -> {
          HttpClient returned = client(issue("leaver", "dev"));
          return get(returned, replicas.getFirst(), CONFIG_MAPS).statusCode() == 200;
        });
  }

  @Test
  void anApprovedSigningRequestBecomesAUser() throws Exception {
    Kubectl admin = Kubectl.of("1.36", kubeconfig("boss", "admins"));
    KeyPair keys = keys();

    createRequest("carol-1", "CN=carol,O=dev", keys);
    admin.ok("certificate", "approve", "carol-1");

    String pem = signed("carol-1");
    Path certificate = Files.writeString(folder.resolve("carol.crt"), pem);
    Path key = Files.writeString(folder.resolve("carol.key"), pem("PRIVATE KEY", keys));
    Path kubeconfig = folder.resolve("carol.yaml");
    certs(
        "kubeconfig",
        "--certificate",
        certificate.toString(),
        "--key",
        key.toString(),
        "--server",
        server(replicas.getFirst()).toString(),
        "--kubeconfig",
        kubeconfig.toString());
    assertThat(admin.as(kubeconfig).ok("auth", "whoami").out())
        .contains("carol")
        .contains("[dev system:authenticated]");
    assertThat(admin.as(kubeconfig).ok("get", "configmap", "seen").out()).contains("seen");
  }

  @Test
  void aRequestToBeAllPowerfulFails() throws Exception {
    Kubectl admin = Kubectl.of("1.36", kubeconfig("boss", "admins"));

    createRequest("mallory-1", "CN=mallory,O=system:masters", keys());
    admin.run("certificate", "approve", "mallory-1");

    try (KubernetesClient client = controlPlane.access().client()) {
      Awaitility.await("the request fails")
          .atMost(Duration.ofSeconds(30))
          .until(() -> {
            CertificateSigningRequestStatus status = status(client, "mallory-1");
            return status.getConditions().stream()
                    .anyMatch(each ->
                        each.getType().equals("Failed")
                            && each.getMessage().contains("system:masters"))
                && status.getCertificate() == null;
          });
    }
  }

  @Test
  void usersAreToldWhatTheControlPlaneWouldTellThem() throws Exception {
    Kubectl gateway = Kubectl.of("1.36", kubeconfig("dora", "dev"));
    Kubectl direct = gateway.as(controlPlane.kubeconfig());
    for (List<String> question :
        List.of(
            List.of("auth", "can-i", "list", "configmaps"),
            List.of("auth", "can-i", "delete", "configmaps", "-n", "kube-system"),
            List.of("auth", "can-i", "get", "pods", "--subresource=log"),
            List.of("auth", "can-i", "get", "/metrics"),
            List.of("auth", "can-i", "*", "*"),
            List.of("auth", "can-i", "--list"),
            List.of("auth", "can-i", "--list", "-n", "kube-system"))) {
      List<String> asDora = new ArrayList<>(question);
      asDora.addAll(List.of("--as=dora", "--as-group=dev", "--as-group=system:authenticated"));
      Kubectl.Result ours = gateway.run(question.toArray(String[]::new));
      Kubectl.Result theirs = direct.run(asDora.toArray(String[]::new));
      assertThat(new TreeSet<>(ours.lines()))
          .as(question.toString())
          .isEqualTo(new TreeSet<>(theirs.lines()));
      assertThat(ours.exit()).as(question.toString()).isEqualTo(theirs.exit());
    }
  }

  @Test
  void tokensAndFrontProxiesMakeUsers() throws Exception {
    Gateway gateway = replicas.getFirst();
    HttpClient nobody = client(null);
    assertThat(whoAmI(nobody, gateway, "Authorization", "Bearer " + FIXED_TOKEN))
        .contains("\"username\":\"robot\"", "\"uid\":\"7\"", "\"ops\"");
    assertThat(whoAmI(nobody, gateway, "Authorization", "Bearer " + serviceAccountToken()))
        .contains("\"username\":\"system:serviceaccount:default:pipeline\"");
    HttpClient proxy =
        client(KeyedCertificate.read(folder.resolve("front.crt"), folder.resolve("front.key")));
    assertThat(whoAmI(proxy, gateway, "X-Remote-User", "eve", "X-Remote-Group", "dev"))
        .contains("\"username\":\"eve\"", "\"dev\"", "system:authenticated");
  }

  @Test
  void headersOfStrangersMeanNothing() throws Exception {
    Gateway gateway = replicas.getFirst();
    HttpClient dora = client(issue("dora", "dev"));
    String[] spoofed = {"X-Remote-User", "boss", "X-Remote-Group", "system:masters"};
    assertThat(get(client(null), gateway, CONFIG_MAPS, spoofed).statusCode()).isEqualTo(401);
    assertThat(whoAmI(dora, gateway, spoofed))
        .contains("\"username\":\"dora\"")
        .doesNotContain("boss", "system:masters");
    for (String[] wanted :
        List.of(
            new String[] {"Impersonate-User", "boss", "Impersonate-Group", "system:masters"},
            new String[] {"Impersonate-User", "system:admin"},
            new String[] {"Impersonate-Group", "system:masters"},
            new String[] {"Impersonate-Uid", "1"})) {
      HttpResponse<String> answer = get(dora, gateway, CONFIG_MAPS, wanted);
      assertThat(answer.statusCode()).as(answer.body()).isIn(400, 403);
    }
  }

  @Test
  void theLogNeverHasATokenOrAKey() throws Exception {
    Gateway gateway = replicas.getFirst();
    HttpClient nobody = client(null);
    String wrong = "wrong-token-5f1d8a";
    String account = serviceAccountToken();
    String cut = account.substring(0, account.length() - 8);
    for (String token : List.of(wrong, FIXED_TOKEN, account, cut)) {
      get(nobody, gateway, CONFIG_MAPS, "Authorization", "Bearer " + token);
    }
    assertThat(get(nobody, gateway, CONFIG_MAPS, "Authorization", "Bearer " + wrong).statusCode())
        .isEqualTo(401);
    String signature = account.substring(account.lastIndexOf('.') + 1);
    assertThat(log).as("the log was captured").isNotEmpty();
    assertThat(log)
        .noneMatch(line ->
            line.contains(wrong)
                || line.contains(FIXED_TOKEN)
                || line.contains(cut)
                || line.contains(signature)
                || line.contains("PRIVATE KEY"));
  }

  private static void configure(String replica) throws Exception {
    Files.writeString(
        file(replica),
        """
        apiVersion: multicluster.io/v1alpha1
        kind: GatewayConfiguration
        listen: {port: 0}
        stateDirectory: state-%s
        authentication:
          requestHeader: {clientCAFiles: [proxies/ca.crt], allowedNames: [front]}
          tokenFile: tokens.csv
          tokenReview: {}
        certificates:
          authority: {certificateFile: ca/ca.crt, keyFile: ca/ca.key}
        controlPlane: {kubeconfig: %s}
        resources:
          federated: [configmaps, namespaces, certificatesigningrequests.certificates.k8s.io]
        """
            .formatted(replica, controlPlane.kubeconfig()));
  }

  private static Path file(String replica) {
    return folder.resolve("gateway-" + replica + ".yaml");
  }

  /** An authority that signs front proxies only, and one of them. */
  private static void issueFrontProxy() throws Exception {
    Path configuration = folder.resolve("proxies.yaml");
    Files.writeString(
        configuration,
        """
        apiVersion: multicluster.io/v1alpha1
        kind: GatewayConfiguration
        stateDirectory: proxies-state
        certificates:
          inventory: file
          authority: {certificateFile: proxies/ca.crt, keyFile: proxies/ca.key}
        controlPlane: {kubeconfig: %s}
        """
            .formatted(controlPlane.kubeconfig()));
    run("certs", "init", "--config", configuration.toString());
    Path kubeconfig = folder.resolve("front.yaml");
    run(
        "certs",
        "issue",
        "--config",
        configuration.toString(),
        "--user",
        "front",
        "--kubeconfig",
        kubeconfig.toString());
    Kubeconfig.credential(kubeconfig)
        .write(folder.resolve("front.crt"), folder.resolve("front.key"));
  }

  private static void captureLog() {
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            log.add(
                event.getFormattedMessage()
                    + event.getKeyValuePairs()
                    + (event.getThrowableProxy() == null
                        ? ""
                        : ThrowableProxyUtil.asString(event.getThrowableProxy())));
          }
        };
    appender.setContext(root.getLoggerContext());
    appender.start();
    root.addAppender(appender);
    ((Logger) LoggerFactory.getLogger("io.multicluster")).setLevel(Level.DEBUG);
  }

  /** A command of the program, with the configuration of the first replica. */
  private static void certs(String command, String... options) {
    List<String> all = new ArrayList<>(List.of("certs", command, "--config", file("a").toString()));
    all.addAll(List.of(options));
    run(all.toArray(String[]::new));
  }

  private static void run(String... arguments) {
    assertThat(Main.run(arguments)).as(String.join(" ", arguments)).isZero();
  }

  private static Path kubeconfig(String user, String group) {
    Path kubeconfig = folder.resolve(user + ".yaml");
    certs(
        "issue",
        "--user",
        user,
        "--group",
        group,
        "--server",
        server(replicas.getFirst()).toString(),
        "--kubeconfig",
        kubeconfig.toString());
    return kubeconfig;
  }

  private static KeyedCertificate issue(String user, String group) {
    return Kubeconfig.credential(kubeconfig(user, group));
  }

  private static void createRequest(String name, String subject, KeyPair keys) throws Exception {
    byte[] request =
        new JcaPKCS10CertificationRequestBuilder(new X500Name(subject), keys.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
            .getEncoded();
    String pem =
        "-----BEGIN CERTIFICATE REQUEST-----\n"
            + Base64.getMimeEncoder().encodeToString(request)
            + "\n-----END CERTIFICATE REQUEST-----\n";
    try (KubernetesClient client = controlPlane.access().client()) {
      client
          .resource(
              new CertificateSigningRequestBuilder()
                  .withNewMetadata()
                  .withName(name)
                  .endMetadata()
                  .withNewSpec()
                  .withSignerName("multicluster.io/client")
                  .withUsages("client auth")
                  .withRequest(
                      Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII)))
                  .endSpec()
                  .build())
          .create();
    }
  }

  private static String signed(String name) {
    try (KubernetesClient client = controlPlane.access().client()) {
      String encoded =
          Awaitility.await("the certificate")
              .atMost(Duration.ofSeconds(30))
              .until(() -> status(client, name).getCertificate(), text -> text != null);
      return new String(Base64.getDecoder().decode(encoded), StandardCharsets.US_ASCII);
    }
  }

  private static CertificateSigningRequestStatus status(KubernetesClient client, String name) {
    return client.certificates().v1().certificateSigningRequests().withName(name).get().getStatus();
  }

  private static KeyPair keys() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    return generator.generateKeyPair();
  }

  private static String pem(String type, KeyPair keys) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(
            type, Base64.getMimeEncoder().encodeToString(keys.getPrivate().getEncoded()), type);
  }

  private static String serviceAccountToken() {
    try (KubernetesClient client = controlPlane.access().client()) {
      client
          .resource(
              new ServiceAccountBuilder()
                  .withNewMetadata()
                  .withName("pipeline")
                  .withNamespace("default")
                  .endMetadata()
                  .build())
          .serverSideApply();
      return client
          .serviceAccounts()
          .inNamespace("default")
          .withName("pipeline")
          .tokenRequest(new TokenRequestBuilder().withNewSpec().endSpec().build())
          .getStatus()
          .getToken();
    }
  }

  /** Completes once the watch has ended, however it did. */
  private static CompletableFuture<Void> watch(HttpClient client, Gateway gateway)
      throws Exception {
    HttpResponse<InputStream> events =
        client.send(
            HttpRequest.newBuilder(server(gateway).resolve(CONFIG_MAPS + "?watch=true")).build(),
            BodyHandlers.ofInputStream());
    assertThat(events.statusCode()).isEqualTo(200);
    InputStream body = events.body();
    assertThat(body.read()).as("the first event has come").isEqualTo('{');
    CompletableFuture<Void> ended = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try (body) {
            body.transferTo(java.io.OutputStream.nullOutputStream());
          } catch (java.io.IOException brokenOff) {
            // as good an end as any
          }
          ended.complete(null);
        });
    return ended;
  }

  private static String whoAmI(HttpClient client, Gateway gateway, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                server(gateway).resolve("/apis/authentication.k8s.io/v1/selfsubjectreviews"))
            .header("Content-Type", "application/json")
            .headers(headers)
            .POST(HttpRequest.BodyPublishers.ofString("{}"));
    HttpResponse<String> answer = client.send(request.build(), BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    return answer.body();
  }

  private static HttpResponse<String> get(
      HttpClient client, Gateway gateway, String path, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(server(gateway).resolve(path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static URI server(Gateway gateway) {
    return URI.create("https://127.0.0.1:" + gateway.address().getPort());
  }

  /**
   * @param credential null for a client without certificate
   */
  private static HttpClient client(@Nullable KeyedCertificate credential) throws Exception {
    SSLContext tls = SSLContext.getInstance("TLS");
    KeyManagerFactory keys = null;
    if (credential != null) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "own", credential.key(), new char[0], credential.chain().toArray(Certificate[]::new));
      keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(store, new char[0]);
    }
    tls.init(
        keys == null ? null : keys.getKeyManagers(),
        InsecureTrustManagerFactory.INSTANCE.getTrustManagers(),
        null);
    return HttpClient.newBuilder().sslContext(tls).build();
  }
}
