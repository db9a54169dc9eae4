package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.server.e2e.Kubectl.Result;
import io.multicluster.testclusters.Programs;
import io.multicluster.testclusters.RealClusters;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Client libraries and tools work on the gateway as on an API server of its own: each line of the
 * table in docs/clients.md is a test here.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ClientMatrixIT {
  /** The fence around one program; none takes more than seconds on an idle machine. */
  private static final Duration LIMIT = Duration.ofMinutes(5);

  @TempDir private static Path folder;
  private MixedFederation world;

  @BeforeAll
  void start() throws Exception {
    RealClusters.assumeAvailable();
    world = MixedFederation.start(folder);
  }

  @AfterAll
  void stop() {
    if (world != null) {
      world.close();
    }
  }

  /** The checks are in test-clusters/programs/clients. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "typed-protobuf",
        "typed-json",
        "dynamic",
        "metadata",
        "discovery",
        "apply",
        "leader-election",
        "manager"
      })
  void clientGoWorks(String check) {
    goClient(check, Map.of());
  }

  /** With the detector client-go compares what a streaming list brought with a plain list. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void informersOfClientGoHoldWhatTheClustersHave(boolean streamingLists) {
    goClient(
        "informers",
        Map.of(
            "KUBE_FEATURE_WatchListClient",
            Boolean.toString(streamingLists),
            "KUBE_WATCHLIST_INCONSISTENCY_DETECTOR",
            "true"));
  }

  /** {@code -Dkubectl.minors=1.28,1.29} asks for others, whose module files must be there. */
  @TestFactory
  List<DynamicNode> kubectlPrintsWhatItPrintsWithoutTheGateway() throws IOException {
    List<DynamicNode> tables = new ArrayList<>();
    for (String minor : System.getProperty("kubectl.minors", "1.27,1.33,1.36").split(",", -1)) {
      world.namespace(KubectlTable.ours(minor));
      world.namespace(KubectlTable.theirs(minor));
      KubectlTable table =
          new KubectlTable(
              minor,
              world.kubeconfig(),
              world.controlPlane().kubeconfig(),
              world.members().getFirst().kubeconfig(),
              folder.resolve("kubectl-" + minor));
      tables.add(DynamicContainer.dynamicContainer("kubectl " + minor, table.rows()));
    }
    return tables;
  }

  private void goClient(String check, Map<String, String> environment) {
    String namespace =
        world.namespace(
            check + (environment.isEmpty() ? "" : "-" + environment.get("KUBE_FEATURE_WatchListClient")));
    List<String> command = new ArrayList<>();
    command.add(Programs.get(System.err::println, "clients").path("clients").toString());
    command.add("-kubeconfig=" + world.kubeconfig());
    command.add("-control-plane=" + world.controlPlane().kubeconfig());
    world.members()
        .forEach(member -> command.add("-member=" + member.name() + "=" + member.kubeconfig()));
    command.add("-namespace=" + namespace);
    command.add(check);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    Result result = Command.run(builder, "", LIMIT);
    assertThat(result.exit()).as(result.out() + result.err()).isZero();
  }
}
