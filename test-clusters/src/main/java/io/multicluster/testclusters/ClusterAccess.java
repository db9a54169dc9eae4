package io.multicluster.testclusters;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;

/**
 * How one user talks to one cluster. All certificates and keys are PEM text.
 *
 * @param name of the cluster
 * @param server {@code https://127.0.0.1:PORT}
 * @param caCertificate of the authority behind the serving certificate
 * @param clientCertificate the user's
 * @param clientKey the user's; kept out of {@link #toString}
 */
public record ClusterAccess(
    String name, URI server, String caCertificate, String clientCertificate, String clientKey) {

  /** The kubeconfig, self-contained, with one context that is named as the cluster is. */
  public String kubeconfig() {
    return """
    apiVersion: v1
    kind: Config
    clusters:
    - name: %1$s
      cluster:
        server: %2$s
        certificate-authority-data: %3$s
    users:
    - name: %1$s
      user:
        client-certificate-data: %4$s
        client-key-data: %5$s
    contexts:
    - name: %1$s
      context:
        cluster: %1$s
        user: %1$s
    current-context: %1$s
    """
        .formatted(
            name, server, base64(caCertificate), base64(clientCertificate), base64(clientKey));
  }

  /**
   * Writes the kubeconfig for its owner's eyes only; whoever reads the file meanwhile sees the old
   * or the new one.
   */
  public void writeKubeconfig(Path file) throws IOException {
    PrivateFiles.write(file, kubeconfig());
  }

  /**
   * A new client, closed by the caller. The surroundings (KUBECONFIG, service account) have no say
   * in it.
   */
  public KubernetesClient client() {
    return new KubernetesClientBuilder().withConfig(Config.fromKubeconfig(kubeconfig())).build();
  }

  @Override
  public String toString() {
    return "ClusterAccess[" + name + " at " + server + "]";
  }

  private static String base64(String pem) {
    return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII));
  }
}
