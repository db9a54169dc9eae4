package io.multicluster.testclusters.federation;

import io.multicluster.testclusters.simulated.SimulatedClusters;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;

class SimulatedFederationTest extends FederationWorldContract {
  private final SimulatedClusters clusters = new SimulatedClusters();

  @Override
  FederationWorld open(Path folder) {
    return FederationWorld.start(clusters, folder, false, System.err::println);
  }

  @AfterAll
  void close() {
    world.close();
    clusters.close();
  }
}
