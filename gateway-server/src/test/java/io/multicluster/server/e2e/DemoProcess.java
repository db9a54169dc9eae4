package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** {@code bin/multicluster-apiserver demo}, as a person would start it. */
final class DemoProcess implements AutoCloseable {
  private final Process process;
  private final Path folder;

  private DemoProcess(Process process, Path folder) {
    this.process = process;
    this.folder = folder;
  }

  /** Starts the demo and waits until it says that it is ready. */
  static DemoProcess start(String clusters) {
    Path root = repository();
    Path folder = root.resolve("gateway-server/target/demo-" + clusters);
    try {
      Files.createDirectories(folder);
      Files.deleteIfExists(folder.resolve("ready"));
      Path output = folder.resolve("demo.out");
      Process process =
          new ProcessBuilder(
                  root.resolve("bin/multicluster-apiserver").toString(),
                  "demo",
                  "--clusters=" + clusters,
                  "--folder=" + folder)
              .directory(root.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      DemoProcess demo = new DemoProcess(process, folder);
      try {
        Awaitility.await()
            .atMost(Duration.ofMinutes(3))
            .until(() -> Files.exists(folder.resolve("ready")) || !process.isAlive());
        assertThat(process.isAlive()).as(Files.readString(output)).isTrue();
      } catch (RuntimeException | AssertionError e) {
        System.err.println(Files.readString(output));
        demo.close();
        throw e;
      }
      return demo;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  Path kubeconfig() {
    return folder.resolve("kubeconfig");
  }

  Path adminKubeconfig() {
    return folder.resolve("admin.kubeconfig");
  }

  /** Direct access to {@code control-plane}, {@code test1}, {@code test2} or {@code test3}. */
  Path clusterKubeconfig(String name) {
    return folder.resolve("clusters").resolve(name + ".kubeconfig");
  }

  Path folder() {
    return folder;
  }

  /** Ends the demo by SIGTERM and returns what of its processes is still there afterwards. */
  List<ProcessHandle> terminate() {
    List<ProcessHandle> all = process.descendants().toList();
    process.destroy();
    try {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("the demo ends on SIGTERM").isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return all.stream().filter(ProcessHandle::isAlive).toList();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
  }

  static Path repository() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("bin/multicluster-apiserver"))) {
      Path parent = folder.getParent();
      if (parent == null) {
        throw new IllegalStateException("not inside the repository");
      }
      folder = parent;
    }
    return folder;
  }
}
