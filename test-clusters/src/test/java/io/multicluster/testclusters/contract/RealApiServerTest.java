package io.multicluster.testclusters.contract;

import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract on kube-apiserver, which is what makes it one. */
class RealApiServerTest extends ApiServerContract {
  private @Nullable TestCluster cluster;

  @BeforeAll
  void start(@TempDir Path folder) {
    RealClusters.assumeAvailable();
    cluster = new RealClusters(System.err::println).start(ClusterSpec.bare("real", folder));
  }

  @AfterAll
  void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Override
  TestCluster cluster() {
    return java.util.Objects.requireNonNull(cluster);
  }

  @Override
  boolean bookmarksAreFrequent() {
    return false;
  }
}
