package io.multicluster.testclusters.demo;

import io.multicluster.testclusters.ClusterProvider;
import io.multicluster.testclusters.TestClusterException;
import io.multicluster.testclusters.demo.DemoOptions.UsageException;
import io.multicluster.testclusters.federation.FederationWorld;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * The command {@code demo}. Found by the program as a {@link ToolProvider}, so that the program
 * does not depend on test clusters.
 */
public final class DemoTool implements ToolProvider {
  private static final Duration READY_LIMIT = Duration.ofSeconds(60);

  @Override
  public String name() {
    return "demo";
  }

  /** Runs until SIGTERM or SIGINT, or until the gateway ends. */
  @Override
  public int run(PrintWriter out, PrintWriter err, String... arguments) {
    if (List.of(arguments).contains("--help")) {
      out.print(DemoOptions.USAGE);
      return 0;
    }
    try {
      run(DemoOptions.parse(List.of(arguments), System.getenv()), out);
      return 0;
    } catch (UsageException e) {
      err.println(e.getMessage());
      err.print(DemoOptions.USAGE);
      return 2;
    } catch (TestClusterException | IOException e) {
      err.println("demo: " + e.getMessage());
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    } finally {
      out.flush();
      err.flush();
    }
  }

  private static void run(DemoOptions options, PrintWriter out)
      throws IOException, InterruptedException {
    Path folder = options.folder();
    Files.createDirectories(folder);
    DemoFiles files = new DemoFiles(folder);
    files.clear();
    ClusterProvider provider = DemoClusters.choose(options.clusters(), line -> say(out, line));
    try (FederationWorld world =
        FederationWorld.start(provider, files.clusters(), false, line -> say(out, line))) {
      int port = options.port() == 0 ? freePort() : options.port();
      files.writeConfiguration(port);
      Gateway.run("certs", "init", "--config", files.configuration().toString());
      say(out, "starting the gateway");
      try (Gateway gateway = Gateway.serve(files.configuration(), files.log())) {
        CountDownLatch ended = endWithThisProcess(gateway, files);
        issue(files, "admin", "admins", files.adminKubeconfig());
        issue(files, "alice", "dev", files.kubeconfig());
        files.allowAdmins(world.controlPlane().access());
        awaitReady(gateway, files);
        files.writeReady();
        say(out, ready(files));
        gateway.awaitEnd();
        if (ended.getCount() > 0) {
          throw new TestClusterException(gateway.obituary());
        }
      }
    }
  }

  /** Ctrl-C ends this JVM; the gateway is a process of its own and must be told. */
  private static CountDownLatch endWithThisProcess(Gateway gateway, DemoFiles files) {
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  ended.countDown();
                  files.deleteReady();
                  gateway.close();
                },
                "end-gateway"));
    return ended;
  }

  private static void issue(DemoFiles files, String user, String group, Path kubeconfig) {
    Gateway.run(
        "certs",
        "issue",
        "--config",
        files.configuration().toString(),
        "--user",
        user,
        "--group",
        group,
        "--kubeconfig",
        kubeconfig.toString());
  }

  private static void awaitReady(Gateway gateway, DemoFiles files) throws InterruptedException {
    long deadline = System.nanoTime() + READY_LIMIT.toNanos();
    while (!files.answersReady()) {
      if (!gateway.isAlive()) {
        throw new TestClusterException(gateway.obituary());
      }
      if (System.nanoTime() - deadline > 0) {
        throw new TestClusterException(
            "the gateway is not ready after " + READY_LIMIT.toSeconds() + " s; see " + files.log());
      }
      Thread.sleep(200);
    }
  }

  private static String ready(DemoFiles files) {
    Path kubeconfig = Path.of("").toAbsolutePath().relativize(files.kubeconfig());
    return Stream.of(
            "",
            "The federation and the gateway are up. In another terminal:",
            "",
            "    export KUBECONFIG=" + kubeconfig,
            "    kubectl api-resources",
            "    kubectl get clone rsi-app",
            "    kubectl get pod -w",
            "    kubectl scale clone rsi-app --replicas=20",
            "",
            "You are alice of group dev; "
                + kubeconfig.resolveSibling("admin.kubeconfig")
                + " may do all.",
            "Ctrl-C ends all of it.")
        .reduce((a, b) -> a + System.lineSeparator() + b)
        .orElseThrow();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void say(PrintWriter out, String line) {
    synchronized (out) {
      out.println(line);
      out.flush();
    }
  }
}
