package io.multicluster.certs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubeconfigTest {
  private final CertificateAuthority ca =
      CertificateAuthority.create(
          "clients", KeyAlgorithm.ECDSA_P256, Duration.ofDays(10), Clock.systemUTC());
  private final KeyedCertificate alice = credential("alice");
  private final Kubeconfig kubeconfig =
      new Kubeconfig(
          "federation", URI.create("https://127.0.0.1:6443"), alice.chainPem(), "yes", alice);

  @TempDir private Path folder;

  @Test
  void everythingIsInlineAndTheContextIsChosen() throws IOException {
    JsonNode root = new ObjectMapper(new YAMLFactory()).readTree(kubeconfig.yaml());

    assertThat(root.at("/kind").asText()).isEqualTo("Config");
    assertThat(root.at("/current-context").asText()).isEqualTo("federation");
    assertThat(root.at("/contexts/0/context/cluster").asText()).isEqualTo("federation");
    assertThat(root.at("/contexts/0/context/user").isTextual())
        .as("a user called yes stays a text")
        .isTrue();
    assertThat(root.at("/clusters/0/cluster/server").asText()).isEqualTo("https://127.0.0.1:6443");
    assertThat(decoded(root.at("/clusters/0/cluster/certificate-authority-data")))
        .isEqualTo(alice.chainPem());
    assertThat(decoded(root.at("/users/0/user/client-key-data"))).isEqualTo(alice.keyPem());
  }

  @Test
  void theFileIsItsOwnersOnly() throws IOException {
    Path file = folder.resolve("a/alice.yaml");
    kubeconfig.write(file);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void oneMemberIsReachedBelowItsPath() {
    Kubeconfig narrowed = kubeconfig.forCluster("test1");

    assertThat(narrowed.server()).hasToString("https://127.0.0.1:6443/clusters/test1");
    assertThat(narrowed.name()).isEqualTo("federation-test1");
  }

  @Test
  void aNewCredentialLeavesTheRestOfTheFileAlone() throws IOException {
    Path file = folder.resolve("alice.yaml");
    kubeconfig.write(file);
    Files.writeString(file, Files.readString(file) + "preferences:\n  colors: true\n");
    KeyedCertificate next = credential("alice");

    Kubeconfig.replaceCredential(file, next);

    assertThat(Kubeconfig.certificate(file)).isEqualTo(next.certificate());
    assertThat(Files.readString(file))
        .contains("colors: true")
        .contains("current-context: federation");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void filesThatAreNoKubeconfigAreNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("x.yaml"), "a: [");
    assertThatThrownBy(() -> Kubeconfig.certificate(file))
        .hasMessageContaining("x.yaml is not YAML");

    Files.writeString(file, "current-context: c\n");
    assertThatThrownBy(() -> Kubeconfig.certificate(file))
        .hasMessageContaining("x.yaml has no user for its current context \"c\"");
  }

  @Test
  void keysAreNotInTextForms() {
    assertThat(kubeconfig.toString())
        .doesNotContain("PRIVATE")
        .contains("KeyedCertificate[CN=alice");
  }

  private KeyedCertificate credential(String user) {
    KeyPair keys = KeyAlgorithm.ECDSA_P256.generate();
    Instant now = Instant.now();
    return new KeyedCertificate(
        List.of(ca.signClient(user, List.of(), keys.getPublic(), now, now.plusSeconds(99))),
        keys.getPrivate());
  }

  private static String decoded(JsonNode node) {
    return new String(Base64.getDecoder().decode(node.asText()), StandardCharsets.UTF_8);
  }
}
