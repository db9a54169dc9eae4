package io.multicluster.testclusters.simulated;

import io.multicluster.testclusters.ClusterProvider;
import io.multicluster.testclusters.ClusterSpec;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Clusters simulated in this JVM: an API server and its objects, without kubelets or controllers.
 * They need nothing but the JVM, so they can always be had. All clusters of one provider share its
 * few threads.
 */
public final class SimulatedClusters implements ClusterProvider, AutoCloseable {
  private final Options options;
  private final EventLoopGroup loops;
  private final ExecutorService threads;

  /**
   * How the API servers behave.
   *
   * @param version what they call themselves, e.g. {@code v1.36.3}
   * @param bookmarkInterval how often watches that asked for bookmarks get one
   */
  public record Options(String version, Duration bookmarkInterval) {
    public static final Options DEFAULT = new Options("v1.36.3", Duration.ofMinutes(1));

    public Options {
      if (!version.matches("v[0-9]+\\.[0-9]+\\.[0-9]+([-+].*)?")) {
        throw new IllegalArgumentException("not a version of Kubernetes: " + version);
      }
      if (!bookmarkInterval.isPositive()) {
        throw new IllegalArgumentException("bookmark interval: " + bookmarkInterval);
      }
    }

    public Options withBookmarkInterval(Duration interval) {
      return new Options(version, interval);
    }
  }

  public SimulatedClusters() {
    this(Options.DEFAULT);
  }

  public SimulatedClusters(Options options) {
    this.options = options;
    this.loops =
        new MultiThreadIoEventLoopGroup(
            2, new DefaultThreadFactory("simulated", true), NioIoHandler.newFactory());
    this.threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("simulated-", 0).factory());
  }

  @Override
  public Optional<String> unavailable() {
    return Optional.empty();
  }

  @Override
  public SimulatedCluster start(ClusterSpec spec) {
    if (!spec.apiServerFlags().isEmpty()) {
      throw new IllegalArgumentException(
          "a simulated API server has no flags: " + spec.apiServerFlags());
    }
    return new SimulatedCluster(spec, options, loops, threads);
  }

  /** Ends the threads; close the clusters first. */
  @Override
  public void close() {
    threads.shutdownNow();
    var _ = loops.shutdownGracefully();
  }
}
