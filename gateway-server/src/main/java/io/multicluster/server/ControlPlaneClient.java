package io.multicluster.server;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.multicluster.server.config.GatewayConfiguration;
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
   * @throws IllegalArgumentException if the kubeconfig can't be used; the message names it
   */
  public static KubernetesClient of(GatewayConfiguration configuration) {
    Path kubeconfig = configuration.controlPlane().kubeconfig();
    try {
      return new KubernetesClientBuilder()
          .withConfig(Config.fromKubeconfig(kubeconfig.toFile()))
          .build();
    } catch (KubernetesClientException | IllegalArgumentException e) {
      throw new IllegalArgumentException(kubeconfig + " can't be used: " + e.getMessage(), e);
    }
  }
}
