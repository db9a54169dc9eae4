package io.multicluster.server.flowcontrol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import io.netty.util.AsciiString;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real kube-apiserver says what the suggested configuration is. */
final class FlowConfigurationIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  @Test
  void isThatOfKubeApiserverByDefault() {
    RealClusters.assumeAvailable();
    try (TestCluster cluster = new RealClusters(_ -> {}).start(ClusterSpec.bare("flow", folder));
        KubernetesClient client = cluster.access().client()) {
      Awaitility.await("kube-apiserver makes them after its start")
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> {
            FlowConfiguration theirs =
                FlowObjects.read(
                    list(client, "flowschemas"), list(client, "prioritylevelconfigurations"));
            assertThat(schemas(theirs)).isEqualTo(schemas(FlowConfiguration.DEFAULT));
            assertThat(levels(theirs)).isEqualTo(levels(FlowConfiguration.DEFAULT));
          });
    }
  }

  private static JsonNode list(KubernetesClient client, String resource) throws Exception {
    return JSON.readTree(client.raw("/apis/flowcontrol.apiserver.k8s.io/v1/" + resource));
  }

  /** UIDs apart. */
  private static List<FlowSchema> schemas(FlowConfiguration configuration) {
    return configuration.schemas().stream()
        .map(schema ->
            new FlowSchema(
                schema.name(),
                AsciiString.EMPTY_STRING,
                schema.precedence(),
                schema.level(),
                schema.distinguisher(),
                schema.rules()))
        .toList();
  }

  private static Map<String, PriorityLevel> levels(FlowConfiguration configuration) {
    return configuration.levels().values().stream()
        .map(level ->
            new PriorityLevel(
                level.name(),
                AsciiString.EMPTY_STRING,
                level.exempt(),
                level.shares(),
                level.lendablePercent(),
                level.borrowingLimitPercent(),
                level.queuing()))
        .collect(Collectors.toMap(PriorityLevel::name, level -> level));
  }
}
