package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.multicluster.testclusters.ClusterAccess;

/** Clients for loops that try again by themselves. */
final class Clients {
  private static final int TIMEOUT_MILLIS = 5_000;

  private Clients() {}

  /**
   * Without repetitions of its own, which would hold up everybody else's turn while one cluster is
   * away.
   */
  static KubernetesClient impatient(ClusterAccess access) {
    Config config = Config.fromKubeconfig(access.kubeconfig());
    config.setRequestRetryBackoffLimit(0);
    config.setRequestTimeout(TIMEOUT_MILLIS);
    config.setConnectionTimeout(TIMEOUT_MILLIS);
    return new KubernetesClientBuilder().withConfig(config).build();
  }
}
