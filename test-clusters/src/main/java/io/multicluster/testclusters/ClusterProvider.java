package io.multicluster.testclusters;

import java.util.Optional;

/** A kind of cluster. Thread-safe: several clusters may be started at the same time. */
public interface ClusterProvider {

  /**
   * Why clusters of this kind can't be had on this machine, as a sentence; empty if they can.
   * Quick, builds nothing.
   */
  Optional<String> unavailable();

  /**
   * Starts a cluster and waits until it serves. The caller closes it; it ends with this JVM in any
   * case.
   *
   * @throws TestClusterException if it does not become ready
   */
  TestCluster start(ClusterSpec spec);
}
