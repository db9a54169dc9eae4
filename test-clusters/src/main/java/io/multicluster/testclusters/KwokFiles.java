package io.multicluster.testclusters;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What kwok is told: to play the kubelet of every node, and what logs, exec, attach and
 * port-forward find there. Exec runs real commands as the user of this JVM, which whoever holds the
 * cluster's kubeconfig is anyway.
 */
final class KwokFiles {
  private static final String CONFIG = "kwok.yaml";
  private static final String CONTAINER_LOG = "container.log";

  /** Steps in a pod's and a node's life. The general ones take a pod through ContainerCreating. */
  private static final List<String> STAGES = List.of("node/fast", "node/heartbeat", "pod/general");

  private KwokFiles() {}

  static void write(Path folder, int port) throws IOException {
    Path log = folder.resolve(CONTAINER_LOG);
    // The format in which a container runtime keeps logs (CRI): time, stream, full or partial line,
    // text.
    Files.writeString(
        log,
        """
        2026-11-21T08:00:00.000000000Z stdout F starting
        2026-11-21T08:00:00.250000000Z stdout F listening on :8080
        2026-11-21T08:00:01.500000000Z stderr F warning: no configuration, using defaults
        2026-11-21T08:00:02.000000000Z stdout F ready
        """);
    Files.writeString(
        folder.resolve(CONFIG),
        """
        apiVersion: kwok.x-k8s.io/v1alpha1
        kind: ClusterLogs
        metadata: {name: logs}
        spec:
          logs:
          - {logsFile: "%1$s", follow: true}
        ---
        apiVersion: kwok.x-k8s.io/v1alpha1
        kind: ClusterAttach
        metadata: {name: attach}
        spec:
          attaches:
          - {logsFile: "%1$s"}
        ---
        apiVersion: kwok.x-k8s.io/v1alpha1
        kind: ClusterExec
        metadata: {name: exec}
        spec:
          execs:
          - local: {workDir: "%2$s"}
        ---
        # Every port of every pod leads to a real HTTP server: kwok's own, which answers /healthz.
        apiVersion: kwok.x-k8s.io/v1alpha1
        kind: ClusterPortForward
        metadata: {name: port-forward}
        spec:
          forwards:
          - target: {address: 127.0.0.1, port: %3$d}
        """
            .formatted(log, folder, port));
  }

  static List<String> flags(Path kwok, Path folder, int port) {
    List<String> flags = new ArrayList<>();
    flags.add("--kubeconfig=" + folder.resolve("kubeconfig"));
    flags.add("--manage-all-nodes=true");
    flags.add("--node-ip=127.0.0.1");
    flags.add("--node-port=" + port);
    flags.add("--server-address=127.0.0.1:" + port);
    flags.add("--tls-cert-file=" + folder.resolve("pki/kubelet.crt"));
    flags.add("--tls-private-key-file=" + folder.resolve("pki/kubelet.key"));
    flags.add("--config=" + folder.resolve(CONFIG));
    for (String stage : STAGES) {
      try (Stream<Path> files = Files.list(kwok.resolveSibling("kwok-stages").resolve(stage))) {
        files.sorted().forEach(file -> flags.add("--config=" + file));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return flags;
  }
}
