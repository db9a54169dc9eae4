package io.multicluster.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.certs.CertificateAuthority;
import io.multicluster.certs.KeyAlgorithm;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.server.config.ConfigurationFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ControlPlaneClientTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void usesAKeyOfAnyKindInPkcs8Form(KeyAlgorithm algorithm) throws Exception {
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

    try (KubernetesClient client = ControlPlaneClient.of(ConfigurationFile.read(file))) {
      assertThat(client.getMasterUrl()).hasHost("127.0.0.1");
    }
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
