package io.multicluster.testclusters;

import io.fabric8.kubernetes.client.Config;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.k3s.K3sContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * k3s in containers, where a Docker engine answers. A bare cluster is k3s without its agent; a live
 * one has it, so that pods which the scheduler places there really run, if their images can be had.
 * Environment variable {@code MCA_K3S_IMAGE} names another image.
 */
public final class K3sClusters implements ClusterProvider {
  private static final String IMAGE = "rancher/k3s:v1.33.5-k3s1";
  private static final int API_PORT = 6443;
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private final Consumer<String> progress;

  /** {@code progress} hears of long work, from any thread. */
  public K3sClusters(Consumer<String> progress) {
    this.progress = progress;
  }

  @Override
  public Optional<String> unavailable() {
    return DockerClientFactory.instance().isDockerAvailable()
        ? Optional.empty()
        : Optional.of("k3s clusters need a Docker engine, and none answers here");
  }

  @Override
  public TestCluster start(ClusterSpec spec) {
    unavailable()
        .ifPresent(reason -> {
          throw new TestClusterException(reason);
        });
    int port = spec.port() == 0 ? LoopbackPorts.free() : spec.port();
    progress.accept("starting k3s for " + spec.name() + "; its image is fetched the first time");
    K3sContainer container = container(spec, port);
    try {
      container.start();
      ClusterAccess access = access(spec.name(), port, container.getKubeConfigYaml());
      Path kubeconfig = spec.folder().resolve("kubeconfig");
      access.writeKubeconfig(kubeconfig);
      K3sCluster cluster = new K3sCluster(container, access, kubeconfig);
      cluster.awaitReady();
      return cluster;
    } catch (IOException e) {
      container.stop();
      throw new TestClusterException("can't write into " + spec.folder(), e);
    } catch (RuntimeException e) {
      container.stop();
      throw new TestClusterException("k3s for " + spec.name() + " did not start", e);
    }
  }

  // The container is handed to the cluster, which closes it; the caller stops it on every other
  // path.
  @SuppressWarnings("resource")
  private static K3sContainer container(ClusterSpec spec, int port) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "server",
                "--tls-san=127.0.0.1",
                "--disable=traefik,metrics-server,servicelb,coredns,local-storage",
                "--disable-helm-controller",
                // Nodes here may be objects without a machine: nobody is to declare them dead.
                "--disable-cloud-controller",
                "--kube-controller-manager-arg=controllers=*,-node-lifecycle-controller"));
    if (!spec.live()) {
      command.add("--disable-agent");
      command.add("--flannel-backend=none");
    }
    for (String flag : spec.apiServerFlags()) {
      command.add("--kube-apiserver-arg=" + flag.replaceFirst("^--", ""));
    }
    String image = Optional.ofNullable(System.getenv("MCA_K3S_IMAGE")).orElse(IMAGE);
    K3sContainer container =
        new K3sContainer(DockerImageName.parse(image).asCompatibleSubstituteFor("rancher/k3s"));
    container.setCommand(command.toArray(String[]::new));
    // A fixed port, because the engine would choose another one when the container starts again.
    container.setPortBindings(List.of("127.0.0.1:" + port + ":" + API_PORT));
    container.setWaitStrategy(
        Wait.forLogMessage(".*k3s is up and running.*", 1).withStartupTimeout(LIMIT));
    Path log = log(spec);
    container.withLogConsumer(frame -> append(log, frame.getBytes()));
    return container;
  }

  private static Path log(ClusterSpec spec) {
    try {
      Files.createDirectories(spec.folder());
      return spec.folder().resolve("k3s.log");
    } catch (IOException e) {
      throw new TestClusterException("can't make " + spec.folder(), e);
    }
  }

  private static void append(Path log, byte @Nullable [] bytes) {
    if (bytes == null) {
      return;
    }
    try {
      Files.write(log, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new TestClusterException("can't write " + log, e);
    }
  }

  private static ClusterAccess access(String name, int port, String kubeconfig) {
    Config config = Config.fromKubeconfig(kubeconfig);
    return new ClusterAccess(
        name,
        URI.create("https://127.0.0.1:" + port),
        decoded(config.getCaCertData()),
        decoded(config.getClientCertData()),
        decoded(config.getClientKeyData()));
  }

  private static String decoded(String base64) {
    return new String(Base64.getDecoder().decode(base64), StandardCharsets.US_ASCII);
  }

  /** A container whose engine starts, kills and freezes it. */
  private record K3sCluster(K3sContainer container, ClusterAccess access, Path kubeconfig)
      implements TestCluster {

    void awaitReady() {
      Readiness.await(
          access,
          () -> {
            if (!container.isRunning()) {
              throw new TestClusterException("k3s of " + access + " has ended; see k3s.log");
            }
          },
          client -> client.namespaces().withName("default").get() != null);
    }

    @Override
    public boolean hasKubelets() {
      // Its own kubelet, if any, knows nothing of the other nodes of the cluster.
      return false;
    }

    @Override
    public synchronized void kill() {
      if (container.isRunning()) {
        container.getDockerClient().killContainerCmd(container.getContainerId()).exec();
      }
    }

    @Override
    public synchronized void restart() {
      kill();
      container.getDockerClient().startContainerCmd(container.getContainerId()).exec();
      awaitReady();
    }

    @Override
    public synchronized void pause() {
      container.getDockerClient().pauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public synchronized void resume() {
      container.getDockerClient().unpauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public synchronized void close() {
      container.stop();
    }
  }
}
