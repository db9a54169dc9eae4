package io.multicluster.testclusters;

import java.nio.file.Path;

/**
 * A running API server of this machine, ready to serve. Its methods may be called by any thread;
 * those that change its state wait for one another, and block until the change is done.
 */
public interface TestCluster extends AutoCloseable {

  /**
   * How its administrator (group {@code system:masters}) talks to it. Stays valid across restarts.
   */
  ClusterAccess access();

  /** The name it was started with. */
  default String name() {
    return access().name();
  }

  /** The file with the administrator's kubeconfig, readable by its owner only. */
  Path kubeconfig();

  /**
   * Whether something takes pods that are bound to a node of this cluster through their life. Where
   * nothing does, the federation does it.
   */
  boolean hasKubelets();

  /**
   * Ends the API server as a power cut would: no goodbye to clients. What it had acknowledged, it
   * still has afterwards.
   */
  void kill();

  /**
   * Makes the API server serve again at the same address with the same data, after ending it the
   * way {@link #kill} does if it runs. Returns when it is ready.
   *
   * @throws TestClusterException if it does not become ready
   */
  void restart();

  /**
   * Stops all answers while connections stay open, and new ones are still accepted by the operating
   * system.
   */
  void pause();

  /** Ends a {@link #pause}; what was asked meanwhile is answered. */
  void resume();

  /** Ends all that belongs to this cluster. Its kubeconfig and its logs stay. */
  @Override
  void close();
}
