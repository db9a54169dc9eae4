package io.multicluster.testclusters;

import java.nio.file.Path;
import java.util.List;

/**
 * What cluster to start.
 *
 * @param name a DNS label
 * @param folder where the cluster keeps its kubeconfig, its data and a log per process; made if
 *     absent
 * @param port loopback port to serve on; 0 for any free one
 * @param live whether controllers, a scheduler and kubelets are wanted beside the API server
 * @param apiServerFlags more flags for kube-apiserver, in its own spelling; a kind that has none
 *     refuses them
 */
public record ClusterSpec(
    String name, Path folder, int port, boolean live, List<String> apiServerFlags) {

  public ClusterSpec {
    if (!name.matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")) {
      throw new IllegalArgumentException("cluster name is not a DNS label: " + name);
    }
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException(
          "port of cluster " + name + " is not in 0..65535: " + port);
    }
    folder = folder.toAbsolutePath().normalize();
    apiServerFlags = List.copyOf(apiServerFlags);
  }

  /** An API server alone, on any free port. */
  public static ClusterSpec bare(String name, Path folder) {
    return new ClusterSpec(name, folder, 0, false, List.of());
  }

  /** A cluster in which things happen, on any free port. */
  public static ClusterSpec live(String name, Path folder) {
    return new ClusterSpec(name, folder, 0, true, List.of());
  }

  public ClusterSpec withApiServerFlags(String... flags) {
    return new ClusterSpec(name, folder, port, live, List.of(flags));
  }
}
