package io.multicluster.testclusters.contract;

import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.TestCluster;
import io.multicluster.testclusters.simulated.SimulatedCluster;
import io.multicluster.testclusters.simulated.SimulatedClusters;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract on the simulated API server. */
class SimulatedApiServerTest extends ApiServerContract {
  private final SimulatedClusters clusters =
      new SimulatedClusters(
          SimulatedClusters.Options.DEFAULT.withBookmarkInterval(Duration.ofSeconds(1)));
  private SimulatedCluster cluster;

  @BeforeAll
  void start(@TempDir Path folder) {
    cluster = clusters.start(ClusterSpec.bare("simulated", folder));
  }

  @AfterAll
  void stop() {
    cluster.close();
    clusters.close();
  }

  @Override
  TestCluster cluster() {
    return cluster;
  }

  @Override
  boolean bookmarksAreFrequent() {
    return true;
  }
}
