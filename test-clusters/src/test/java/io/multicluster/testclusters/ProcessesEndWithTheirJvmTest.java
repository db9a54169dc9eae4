package io.multicluster.testclusters;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However a JVM ends, the clusters that it started end too. */
class ProcessesEndWithTheirJvmTest {
  private static final String STARTED = "started";

  @BeforeEach
  void needsRealClusters() {
    RealClusters.assumeAvailable();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "KILL"})
  void whenItGets(String signal, @TempDir Path folder) throws Exception {
    Process jvm =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                StartsACluster.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output = jvm.inputReader(StandardCharsets.UTF_8)) {
      assertThat(output.readLine()).isEqualTo(STARTED);
      List<ProcessHandle> programs = jvm.descendants().toList();
      assertThat(programs).as("etcd and kube-apiserver").hasSize(2);

      assertThat(new ProcessBuilder("kill", "-" + signal, "" + jvm.pid()).start().waitFor())
          .isZero();

      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> assertThat(programs).noneMatch(ProcessHandle::isAlive));
      assertThat(jvm.waitFor()).isNotZero();
    } finally {
      jvm.destroyForcibly();
    }
  }

  /** The program of the JVM that dies. */
  static final class StartsACluster {
    private StartsACluster() {}

    public static void main(String[] arguments) throws InterruptedException {
      new RealClusters(System.err::println)
          .start(ClusterSpec.bare("orphan", Path.of(arguments[0], "orphan")));
      System.out.println(STARTED);
      Thread.currentThread().join();
    }
  }
}
