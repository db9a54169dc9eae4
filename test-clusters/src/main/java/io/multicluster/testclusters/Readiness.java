package io.multicluster.testclusters;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** Waits until an API server can be used. */
final class Readiness {
  /** Four seconds is usual; this is the fence for a machine on which everything happens at once. */
  private static final Duration LIMIT = Duration.ofMinutes(3);

  private static final Duration POLL = Duration.ofMillis(100);

  private Readiness() {}

  /**
   * Returns when {@code /readyz} says ok and {@code usable} is true.
   *
   * @param check throws what the caller should see if waiting has become pointless
   */
  static void await(ClusterAccess access, Runnable check, Predicate<KubernetesClient> usable) {
    Config config = Config.fromKubeconfig(access.kubeconfig());
    config.setRequestRetryBackoffLimit(0);
    config.setRequestTimeout(5_000);
    config.setConnectionTimeout(2_000);
    long deadline = System.nanoTime() + LIMIT.toNanos();
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
      while (!isReady(client, usable)) {
        check.run();
        if (System.nanoTime() - deadline > 0) {
          throw new TestClusterException(
              access
                  + " is not ready after "
                  + LIMIT.toSeconds()
                  + " s; see the logs in its folder");
        }
        LockSupport.parkNanos(POLL.toNanos());
        if (Thread.currentThread().isInterrupted()) {
          throw new TestClusterException("interrupted while waiting for " + access);
        }
      }
    }
  }

  private static boolean isReady(KubernetesClient client, Predicate<KubernetesClient> usable) {
    try {
      return "ok".equals(client.raw("/readyz")) && usable.test(client);
    } catch (KubernetesClientException _) {
      return false;
    }
  }
}
