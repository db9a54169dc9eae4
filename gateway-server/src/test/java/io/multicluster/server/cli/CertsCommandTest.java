package io.multicluster.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.certs.Kubeconfig;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.TestCluster;
import io.multicluster.testclusters.simulated.SimulatedClusters;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code certs …} with the inventory in a simulated control plane. */
final class CertsCommandTest {
  @TempDir private static Path clusterFolder;
  private static SimulatedClusters clusters;
  private static TestCluster controlPlane;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    clusters = new SimulatedClusters();
    controlPlane = clusters.start(ClusterSpec.bare("control-plane", clusterFolder));
  }

  @AfterAll
  static void stop() {
    controlPlane.close();
    clusters.close();
  }

  @BeforeEach
  void configure() throws Exception {
    Files.writeString(
        folder.resolve("gateway.yaml"),
        """
        apiVersion: multicluster.io/v1alpha1
        kind: GatewayConfiguration
        certificates: {namespace: inventory-%d}
        controlPlane: {kubeconfig: %s}
        """
            .formatted(Integer.toUnsignedLong(folder.hashCode()), controlPlane.kubeconfig()));
    ok("init");
  }

  @Test
  void whatIsIssuedIsInTheSharedInventoryWithoutItsKey() throws Exception {
    Path alice = issue("alice", "--group", "dev", "--group", "ops");

    assertThat(Files.getPosixFilePermissions(alice))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(ok("list")).contains("alice", "dev,ops", serial(alice), "valid");
    try (KubernetesClient client = controlPlane.access().client()) {
      List<ConfigMap> entries =
          client
              .configMaps()
              .inAnyNamespace()
              .withLabel("multicluster.io/inventory")
              .list()
              .getItems()
              .stream()
              .filter(each -> serial(alice).equals(each.getData().get("serial")))
              .toList();
      assertThat(entries).hasSize(1);
      assertThat(entries.getFirst().toString()).doesNotContain("PRIVATE KEY");
    }
  }

  @Test
  void aKubeconfigCanBeNarrowedToOneMember() throws Exception {
    Path alice = issue("alice");
    Path narrow = folder.resolve("narrow.yaml");

    ok(
        "kubeconfig",
        "--from",
        alice.toString(),
        "--cluster",
        "test1",
        "--server",
        "https://gateway.example:6443",
        "--kubeconfig",
        narrow.toString());

    assertThat(Files.readString(narrow))
        .contains("server: https://gateway.example:6443/clusters/test1");
    assertThat(serial(narrow)).isEqualTo(serial(alice));
  }

  @Test
  void renewalGivesTheSameUserANewCertificate() {
    Path alice = issue("alice", "--group", "dev");
    String before = serial(alice);

    ok("renew", "--kubeconfig", alice.toString(), "--lifetime", "10d");

    KeyedCertificate renewed = Kubeconfig.credential(alice);
    assertThat(serial(alice)).isNotEqualTo(before);
    assertThat(renewed.commonName()).isEqualTo("alice");
    assertThat(renewed.certificate().getSubjectX500Principal().getName()).contains("O=dev");
  }

  @Test
  void aRevokedCertificateIsShownAsSuchAndNotRenewed() {
    Path alice = issue("alice");
    Path bob = issue("bob");

    ok("revoke", "--serial", serial(alice));
    ok("revoke", "--user", "bob");

    assertThat(line(ok("list"), serial(alice))).endsWith("revoked");
    assertThat(line(ok("list"), serial(bob))).endsWith("revoked");
    assertThat(fails("renew", "--kubeconfig", alice.toString())).contains("is revoked");
    assertThat(fails("revoke", "--serial", "abc")).contains("No certificate with serial number");
    String since = serial(issue("bob"));
    assertThat(line(ok("list"), since)).endsWith("valid");
  }

  @Test
  void theAuthorityIsReplacedInSteps() throws Exception {
    Path authority = folder.resolve("state/client-ca/ca.crt");
    Path before = issue("alice");
    String first = Files.readString(authority);

    assertThat(fails("init")).contains("certs rotate");
    ok("rotate", "--name", "second");
    Path after = issue("bob");

    assertThat(Files.readString(authority)).endsWith(first).isNotEqualTo(first);
    assertThat(issuer(after)).isEqualTo("CN=second");
    assertThat(issuer(before)).isNotEqualTo("CN=second");

    ok("rotate", "--forget-former");

    assertThat(Files.readString(authority)).doesNotContain(first);
    assertThat(issuer(issue("carol"))).isEqualTo("CN=second");
  }

  private static String issuer(Path kubeconfig) {
    return Kubeconfig.certificate(kubeconfig).getIssuerX500Principal().getName();
  }

  private static String serial(Path kubeconfig) {
    return Kubeconfig.certificate(kubeconfig).getSerialNumber().toString(16);
  }

  private static String line(String output, String part) {
    return output.lines().filter(each -> each.contains(part)).findFirst().orElse("").strip();
  }

  private Path issue(String user, String... options) {
    Path kubeconfig = folder.resolve(user + ".yaml");
    List<String> all =
        new ArrayList<>(List.of("issue", "--user", user, "--kubeconfig", kubeconfig.toString()));
    all.addAll(List.of(options));
    ok(all.toArray(String[]::new));
    return kubeconfig;
  }

  private String ok(String... arguments) {
    Run run = run(arguments);
    assertThat(run.exit).as(run.err).isZero();
    return run.out;
  }

  private String fails(String... arguments) {
    Run run = run(arguments);
    assertThat(run.exit).as(run.out).isEqualTo(1);
    return run.err;
  }

  private record Run(int exit, String out, String err) {}

  private Run run(String... arguments) {
    List<String> all = new ArrayList<>(List.of("certs", arguments[0]));
    all.addAll(List.of("--config", folder.resolve("gateway.yaml").toString()));
    all.addAll(List.of(arguments).subList(1, arguments.length));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.run(
            new PrintWriter(out, true), new PrintWriter(err, true), all.toArray(String[]::new));
    return new Run(exit, out.toString(), err.toString());
  }
}
