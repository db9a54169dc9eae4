package io.multicluster.testclusters.demo;

import io.multicluster.testclusters.ClusterProvider;
import io.multicluster.testclusters.K3sClusters;
import io.multicluster.testclusters.Programs;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestClusterException;
import io.multicluster.testclusters.simulated.SimulatedClusters;
import java.util.function.Consumer;

/** Chooses the kind of clusters to run on. */
final class DemoClusters {
  private DemoClusters() {}

  static ClusterProvider choose(DemoOptions.Clusters wanted, Consumer<String> progress) {
    ClusterProvider provider =
        switch (wanted) {
          case SIMULATED -> new SimulatedClusters();
          case REAL -> new RealClusters(progress);
          case K3S -> new K3sClusters(progress);
          case DEFAULT -> {
            // A demo that begins with minutes of building would not be one.
            boolean built = Programs.built(RealClusters.NEWEST);
            progress.accept(
                built
                    ? "on real API servers; CLUSTERS=simulated chooses others"
                    : "on simulated API servers; CLUSTERS=real or k3s chooses others");
            yield built ? new RealClusters(progress) : new SimulatedClusters();
          }
        };
    provider
        .unavailable()
        .ifPresent(reason -> {
          throw new TestClusterException(reason);
        });
    return provider;
  }
}
