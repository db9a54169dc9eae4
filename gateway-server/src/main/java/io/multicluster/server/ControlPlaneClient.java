package io.multicluster.server;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.multicluster.proxy.Kubeconfig;
import io.multicluster.proxy.UpstreamConfig.ClientCertificate;
import io.multicluster.server.config.GatewayConfiguration;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A client for what the gateway keeps and watches at the control plane for itself: permissions, the
 * inventory of certificates, signing requests. Requests of users never go this way.
 */
public final class ControlPlaneClient {
  private ControlPlaneClient() {}

  /**
   * The control plane need not be there yet.
   *
   * @return to be closed by the caller
   * @throws IOException if the kubeconfig, or a file that it names, can't be read
   * @throws IllegalArgumentException if the kubeconfig can't be used; the message names it
   */
  public static KubernetesClient of(GatewayConfiguration configuration) throws IOException {
    Path kubeconfig = configuration.controlPlane().kubeconfig();
    ClientCertificate own = Kubeconfig.read(kubeconfig).clientCertificate();
    try {
      Config config = Config.fromKubeconfig(kubeconfig.toFile());
      if (own != null) {
        config.setClientKeyAlgo(algorithm(own));
      }
      return new KubernetesClientBuilder().withConfig(config).build();
    } catch (KubernetesClientException | IllegalArgumentException e) {
      throw new IllegalArgumentException(kubeconfig + " can't be used: " + e.getMessage(), e);
    }
  }

  /** Left alone, the client takes every PKCS #8 key for one of RSA. */
  private static String algorithm(ClientCertificate own) {
    String algorithm = own.keyAlgorithm();
    if (!algorithm.equals("RSA") && !algorithm.equals("EC")) {
      throw new IllegalArgumentException(
          "its client key is of " + algorithm + ": one of RSA or ECDSA is needed");
    }
    return algorithm;
  }
}
