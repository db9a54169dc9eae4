package io.multicluster.testclusters.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.simulated.GeneratedObjects.State;
import io.multicluster.testclusters.simulated.GeneratedPod.ReplicaSet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PodLoadTest {
  private final SimulatedClusters clusters = new SimulatedClusters();
  private @TempDir Path folder;
  private SimulatedCluster cluster;

  @BeforeEach
  void start() {
    cluster = clusters.start(ClusterSpec.bare("full", folder));
  }

  @AfterEach
  void stop() {
    cluster.close();
    clusters.close();
  }

  @Test
  void clientsSeeAllPodsWithTheirOwners() {
    try (PodLoad load = cluster.load(PodLoad.Spec.of(400, 1));
        KubernetesClient client = cluster.access().client()) {
      List<Pod> pods = client.pods().inAnyNamespace().list().getItems();
      assertThat(pods).hasSize(400).hasSize(load.size());
      assertThat(pods)
          .extracting(pod -> pod.getMetadata().getUid())
          .doesNotHaveDuplicates()
          .doesNotContainNull();
      assertThat(pods)
          .extracting(pod -> pod.getMetadata().getOwnerReferences().getFirst().getUid())
          .satisfies(owners -> assertThat(owners.stream().distinct()).hasSize(400 / 20));
      assertThat(pods)
          .extracting(pod -> pod.getStatus().getPhase())
          .contains("Running", "Pending", "Succeeded");
    }
  }

  @ParameterizedTest
  @EnumSource
  void theBytesOfAPodAreThoseOfItsContent(State state) {
    for (int shape = 0; shape < GeneratedObjects.SHAPES; shape++) {
      ReplicaSet owner =
          new ReplicaSet("team-000", "app-00001", "abcdefghij", 5, shape, 1_700_000_000, 10);
      GeneratedPod pod = new GeneratedPod(owner, 77, 1234567, state, 1_700_000_100);
      ObjectNode object = pod.object();
      assertThat(ProtobufCodec.encode(GeneratedObjects.POD, object)).isEqualTo(pod.message());
      assertThat(object.toString())
          .as("every hole is filled")
          .contains("\"app-00001-abcdefghij-" + GeneratedObjects.letters(77, 5) + "\"")
          .contains("1234567", GeneratedObjects.uuid(77))
          .doesNotContain("@@", "##", "%%", "&&", "@1", "@2", "@c");
    }
  }

  @Test
  void aWatcherFollowsTheChurnExactly() throws Exception {
    try (PodLoad load = cluster.load(PodLoad.Spec.of(200, 2));
        KubernetesClient client = cluster.access().client();
        SharedIndexInformer<Pod> informer = client.pods().inAnyNamespace().inform()) {
      CountDownLatch changes = new CountDownLatch(500);
      load.churn(2000, _ -> changes.countDown());
      assertThat(changes.await(30, TimeUnit.SECONDS)).as("changes happen").isTrue();
      load.stopChurn();
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() ->
              assertThat(byUid(informer.getStore().list()))
                  .isEqualTo(byUid(client.pods().inAnyNamespace().list().getItems())));
      assertThat(informer.getStore().list()).hasSize(200);
    }
  }

  private static Map<String, Pod> byUid(List<Pod> pods) {
    return pods.stream()
        .collect(Collectors.toMap(p -> p.getMetadata().getUid(), Function.identity()));
  }
}
