package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.testclusters.TestCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A member cluster with its nodes and whatever makes pods live there. */
final class Member implements AutoCloseable {
  private static final int NODES = 2;

  private final TestCluster cluster;
  private final KubernetesClient client;
  private final List<AutoCloseable> parts = new ArrayList<>();

  /**
   * Installs what the cluster lacks and sets it in motion.
   *
   * @param number of the member, for addresses that differ between members
   */
  Member(TestCluster cluster, int number, Duration pace) {
    this.cluster = cluster;
    this.client = Clients.impatient(cluster.access());
    List<String> nodes =
        IntStream.rangeClosed(1, NODES).mapToObj(i -> cluster.name() + "-node-" + i).toList();
    List<String> addresses =
        IntStream.rangeClosed(1, NODES).mapToObj(i -> "10.10.%d.%d".formatted(number, i)).toList();
    try (KubernetesClient patient = cluster.access().client()) {
      Manifests.create(patient, "clonesets.yaml");
      Manifests.create(patient, "member.yaml");
      for (int i = 0; i < NODES; i++) {
        if (cluster.hasKubelets()) {
          Nodes.createForKubelet(patient, nodes.get(i));
        } else {
          Nodes.createReady(patient, nodes.get(i), addresses.get(i));
        }
      }
      Manifests.awaitServed(patient, CloneSet.PATH);
    }
    if (!cluster.hasKubelets()) {
      for (int i = 0; i < NODES; i++) {
        String podNetwork = "10.%d".formatted(100 + (number * NODES + i) % 100);
        parts.add(new Kubelet(client, nodes.get(i), addresses.get(i), podNetwork, pace));
      }
    }
    parts.add(new CloneSetController(client, cluster.name(), nodes));
  }

  TestCluster cluster() {
    return cluster;
  }

  String name() {
    return cluster.name();
  }

  /** Gives up quickly: whoever asks tries again by itself. */
  KubernetesClient client() {
    return client;
  }

  /** Sets the cluster at rest; the cluster itself goes on. */
  @Override
  public void close() {
    Closing.all(parts);
    client.close();
  }
}
