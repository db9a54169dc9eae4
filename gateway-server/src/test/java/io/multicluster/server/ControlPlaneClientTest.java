package io.multicluster.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.certs.CertificateAuthority;
import io.multicluster.certs.KeyAlgorithm;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.server.config.ConfigurationFile;
import io.multicluster.server.config.GatewayConfiguration;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ControlPlaneClientTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(names = {"RSA_3072", "ECDSA_P256"})
  void usesAKeyInPkcs8Form(KeyAlgorithm algorithm) throws Exception {
    GatewayConfiguration configuration = withKey(algorithm);

    try (KubernetesClient client = ControlPlaneClient.of(configuration)) {
      assertThat(client.getMasterUrl()).hasHost("127.0.0.1");
    }
  }

  @Test
  void namesAKindOfKeyThatItCannotUse() throws Exception {
    GatewayConfiguration configuration = withKey(KeyAlgorithm.ED25519);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> ControlPlaneClient.of(configuration))
        .withMessageContaining("kubeconfig can't be used: its client key is of EdDSA");
  }

  private GatewayConfiguration withKey(KeyAlgorithm algorithm) throws Exception {
    KeyedCertificate credential =
        CertificateAuthority.create("any", algorithm, Duration.ofDays(1), Clock.systemUTC())
            .keyedCertificate();
    String key =
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(credential.key().getEncoded())
            + "\n-----END PRIVATE KEY-----\n";
    Path kubeconfig = folder.resolve("kubeconfig");
    Files.writeString(
        kubeconfig,
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
        users: [{name: u, user: {client-certificate-data: %s, client-key-data: %s}}]
        contexts: [{name: x, context: {cluster: c, user: u}}]
        current-context: x
        """
            .formatted(base64(credential.chainPem()), base64(key)));
    Path file = folder.resolve("gateway.yaml");
    Files.writeString(
        file,
        """
        apiVersion: multicluster.io/v1alpha1
        kind: GatewayConfiguration
        controlPlane: {kubeconfig: %s}
        resources: {cached: [pods]}
        """
            .formatted(kubeconfig));

    return ConfigurationFile.read(file);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
