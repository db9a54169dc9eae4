package io.multicluster.testclusters;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class K3sClustersTest {
  private final K3sClusters clusters = new K3sClusters(System.err::println);

  @BeforeEach
  void needsDocker() {
    clusters
        .unavailable()
        .ifPresent(reason -> {
          System.err.println("skipped: " + reason);
          Assumptions.abort(reason);
        });
  }

  @Test
  void keepsDataAndAddressWhenItIsKilledAndStartsAgain(@TempDir Path folder) {
    try (TestCluster cluster = clusters.start(ClusterSpec.bare("k3s", folder));
        KubernetesClient client = cluster.access().client()) {
      client
          .resource(
              new ConfigMapBuilder()
                  .withNewMetadata()
                  .withNamespace("default")
                  .withName("survivor")
                  .endMetadata()
                  .build())
          .create();
      cluster.restart();
      assertThat(client.configMaps().inNamespace("default").withName("survivor").get()).isNotNull();
    }
  }
}
