package io.multicluster.testclusters;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.opentest4j.TestAbortedException;

/**
 * Clusters of real Kubernetes programs: etcd and kube-apiserver, and in a live cluster
 * kube-controller-manager, kube-scheduler and kwok as kubelets. A bare cluster needs about 0.4 GB,
 * a live one 0.7 GB.
 */
public final class RealClusters implements ClusterProvider {
  /** Kubernetes 1.36, as {@code test-clusters/programs} calls it. */
  public static final String NEWEST = "kube";

  /** Kubernetes 1.33, for members that are older than the control plane. */
  public static final String KUBE_1_33 = "kube-1.33";

  static final String KWOK = "kwok";

  private final String release;
  private final Consumer<String> progress;

  /** Clusters of the newest release; {@code progress} hears of long work, from any thread. */
  public RealClusters(Consumer<String> progress) {
    this(NEWEST, progress);
  }

  public RealClusters(String release, Consumer<String> progress) {
    this.release = release;
    this.progress = progress;
  }

  @Override
  public Optional<String> unavailable() {
    return Programs.unavailable(release, KWOK);
  }

  /**
   * For tests: skips the test, with the reason, where real clusters can't be had. In CI
   * (environment variable {@code CI} is {@code true}) the test fails instead: a green run there
   * means that it ran.
   */
  public static void assumeAvailable() {
    assumeAvailable(new RealClusters(_ -> {}));
  }

  static void assumeAvailable(RealClusters clusters) {
    clusters
        .unavailable()
        .ifPresent(reason -> {
          if ("true".equals(System.getenv("CI"))) {
            throw new TestClusterException("CI must have real clusters: " + reason);
          }
          System.err.println("skipped: " + reason);
          throw new TestAbortedException(reason);
        });
  }

  @Override
  public TestCluster start(ClusterSpec spec) {
    Programs programs = programs(spec.live());
    Path kube = programs.path(release);
    try {
      RealCluster cluster = new RealCluster(spec, kube, programs.path(KWOK));
      try {
        cluster.start();
        return cluster;
      } catch (RuntimeException e) {
        cluster.close();
        throw e;
      }
    } catch (IOException e) {
      throw new TestClusterException("can't prepare " + spec.folder(), e);
    }
  }

  /** One after the other, so that one of several starts builds and says so. */
  private synchronized Programs programs(boolean live) {
    return live ? Programs.get(progress, release, KWOK) : Programs.get(progress, release);
  }
}
