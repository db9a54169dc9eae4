package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/** Nodes without machines. */
final class Nodes {
  private static final Map<String, Quantity> CAPACITY =
      Map.of(
          "cpu", new Quantity("32"),
          "memory", new Quantity("128Gi"),
          "ephemeral-storage", new Quantity("500Gi"),
          "pods", new Quantity("1000"));

  private Nodes() {}

  /**
   * A node that waits for the cluster's own kubelets to fill its status; kwok takes those with the
   * annotation.
   */
  static void createForKubelet(KubernetesClient client, String name) {
    Manifests.create(
        client,
        base(client, name)
            .editMetadata()
            .addToAnnotations("kwok.x-k8s.io/node", "fake")
            .endMetadata()
            .build());
  }

  /** A node that is ready, and stays so where nothing watches its heartbeats. */
  static void createReady(KubernetesClient client, String name, String address) {
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    Node node =
        base(client, name)
            .editStatus()
            .addNewAddress(address, "InternalIP")
            .addNewAddress(name, "Hostname")
            .withConditions(
                List.of(
                    condition(
                        "MemoryPressure",
                        "False",
                        "KubeletHasSufficientMemory",
                        "kubelet has sufficient memory available",
                        now),
                    condition(
                        "DiskPressure",
                        "False",
                        "KubeletHasNoDiskPressure",
                        "kubelet has no disk pressure",
                        now),
                    condition(
                        "PIDPressure",
                        "False",
                        "KubeletHasSufficientPID",
                        "kubelet has sufficient PID available",
                        now),
                    condition(
                        "Ready", "True", "KubeletReady", "kubelet is posting ready status", now)))
            .endStatus()
            .build();
    Manifests.create(client, node);
    // The API server taints every new node as not ready, and leaves it to a controller to take that
    // back.
    client
        .nodes()
        .withName(name)
        .edit(tainted -> new NodeBuilder(tainted).editSpec().withTaints().endSpec().build());
  }

  private static NodeBuilder base(KubernetesClient client, String name) {
    return new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .addToLabels(
            Map.of(
                "kubernetes.io/hostname", name,
                "kubernetes.io/os", "linux",
                "kubernetes.io/arch", "amd64"))
        .endMetadata()
        .withNewStatus()
        .withCapacity(CAPACITY)
        .withAllocatable(CAPACITY)
        .withNewNodeInfo()
        .withArchitecture("amd64")
        .withOperatingSystem("linux")
        .withOsImage("Debian GNU/Linux 13 (trixie)")
        .withKernelVersion("6.12.0")
        .withContainerRuntimeVersion("containerd://2.2.0")
        .withKubeletVersion(client.getKubernetesVersion().getGitVersion())
        .withKubeProxyVersion("")
        .withBootID("")
        .withMachineID("")
        .withSystemUUID("")
        .endNodeInfo()
        .endStatus();
  }

  private static NodeCondition condition(
      String type, String status, String reason, String message, String now) {
    return new NodeConditionBuilder()
        .withType(type)
        .withStatus(status)
        .withReason(reason)
        .withMessage(message)
        .withLastHeartbeatTime(now)
        .withLastTransitionTime(now)
        .build();
  }
}
