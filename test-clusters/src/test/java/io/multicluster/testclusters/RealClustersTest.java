package io.multicluster.testclusters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One bare cluster, older than the newest, through its faults. */
class RealClustersTest {
  @TempDir static Path folder;
  private static TestCluster cluster;

  @BeforeAll
  static void start() {
    RealClusters clusters = new RealClusters(RealClusters.KUBE_1_33, System.err::println);
    RealClusters.assumeAvailable(clusters);
    cluster =
        clusters.start(
            ClusterSpec.bare("old", folder.resolve("old"))
                .withApiServerFlags("--goaway-chance=0.001"));
  }

  @AfterAll
  static void close() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void isOfTheReleaseAskedFor() {
    try (KubernetesClient client = cluster.access().client()) {
      assertThat(client.getKubernetesVersion().getGitVersion()).isEqualTo("v1.33.13");
    }
  }

  @Test
  void kubeconfigIsForItsOwnerOnly() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cluster.kubeconfig())))
        .isEqualTo("rw-------");
    assertThat(Files.readString(cluster.kubeconfig())).isEqualTo(cluster.access().kubeconfig());
  }

  @Test
  void keepsDataAndAddressWhenItIsKilledAndStartsAgain() {
    try (KubernetesClient client = cluster.access().client()) {
      client
          .resource(
              new ConfigMapBuilder()
                  .withNewMetadata()
                  .withNamespace("default")
                  .withName("survivor")
                  .endMetadata()
                  .build())
          .create();
      cluster.kill();
      int port = cluster.access().server().getPort();
      assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
          .as("nothing listens on the port of a killed cluster")
          .isInstanceOf(ConnectException.class);
      cluster.restart();
      assertThat(client.configMaps().inNamespace("default").withName("survivor").get()).isNotNull();
    }
  }

  @Test
  void acceptsButDoesNotAnswerWhilePaused() throws Exception {
    cluster.pause();
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), cluster.access().server().getPort())) {
      assertThat(socket.isConnected()).isTrue();
    } finally {
      cluster.resume();
    }
    try (KubernetesClient client = cluster.access().client()) {
      assertThat(client.namespaces().withName("default").get()).isNotNull();
    }
  }

  @Test
  void saysWhyItDidNotStart() {
    RealClusters clusters = new RealClusters(RealClusters.KUBE_1_33, System.err::println);
    ClusterSpec spec =
        ClusterSpec.bare("broken", folder.resolve("broken")).withApiServerFlags("--no-such-flag");
    assertThatThrownBy(() -> clusters.start(spec))
        .isInstanceOf(TestClusterException.class)
        .hasMessageContaining("kube-apiserver ended with code 1")
        .hasMessageContaining("unknown flag: --no-such-flag");
  }
}
