package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.testclusters.RealClusters;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** The demo's contract on real API servers, for three releases of kubectl. */
@TestInstance(Lifecycle.PER_CLASS)
class DemoOnRealClustersIT {
  private final List<DemoProcess> started = new ArrayList<>();

  @BeforeAll
  void start() {
    RealClusters.assumeAvailable();
    started.add(DemoProcess.start("real"));
  }

  @AfterAll
  void sigtermEndsEveryProcess() {
    for (DemoProcess demo : started) {
      assertThat(demo.terminate()).as("processes left behind").isEmpty();
    }
  }

  @TestFactory
  List<DynamicNode> contract() {
    return List.of("1.27", "1.33", "1.36").stream()
        .<DynamicNode>map(minor ->
            DynamicContainer.dynamicContainer(
                "kubectl " + minor, new DemoContract(started.getFirst(), minor).tests()))
        .toList();
  }
}
