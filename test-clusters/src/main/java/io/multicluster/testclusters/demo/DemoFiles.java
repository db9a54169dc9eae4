package io.multicluster.testclusters.demo;

import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.multicluster.testclusters.ClusterAccess;
import io.multicluster.testclusters.Folders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the demo keeps in its folder. */
final class DemoFiles {
  private final Path folder;

  DemoFiles(Path folder) {
    this.folder = folder;
  }

  Path clusters() {
    return folder.resolve("clusters");
  }

  Path configuration() {
    return folder.resolve("gateway.yaml");
  }

  private Path policies() {
    return folder.resolve("policies.yaml");
  }

  Path log() {
    return folder.resolve("gateway.log");
  }

  Path kubeconfig() {
    return folder.resolve("kubeconfig");
  }

  Path adminKubeconfig() {
    return folder.resolve("admin.kubeconfig");
  }

  private Path readyMark() {
    return folder.resolve("ready");
  }

  /** Removes what an earlier demo left: its clusters are gone, and so is what pointed at them. */
  void clear() throws IOException {
    for (Path path :
        List.of(
            readyMark(),
            kubeconfig(),
            adminKubeconfig(),
            configuration(),
            policies(),
            log(),
            clusters(),
            folder.resolve("state"))) {
      Folders.delete(path);
    }
  }

  void writeConfiguration(int port) throws IOException {
    Files.writeString(
        configuration(),
        """
        apiVersion: multicluster.io/v1alpha1
        kind: GatewayConfiguration
        listen: {address: 127.0.0.1, port: %d}
        stateDirectory: state
        controlPlane: {name: federation, kubeconfig: clusters/control-plane.kubeconfig}
        members:
          fromControlPlane: true
        resources:
          cached: [pods, events]
          federated:
            - configmaps
            - namespaces
            - secrets
            - clonesets.apps.kruise.io
            - workloadscalers.crd.xiaohongshu.com
        admission:
          policyFiles: [policies.yaml]
          breakGlassGroups: [admins]
        """
            .formatted(port));
    Files.writeString(
        policies(),
        """
        apiVersion: policy.multicluster.io/v1alpha1
        kind: ProtectionPolicy
        metadata: {name: demo}
        spec:
          match:
            resources: [clonesets.apps.kruise.io]
            names: [rsi-app]
          delete: {mode: Always}
          scaleDown: {minReplicas: 2}
        """);
  }

  /** Group {@code admins} of the gateway's users may do everything in the federation. */
  void allowAdmins(ClusterAccess controlPlane) {
    try (KubernetesClient client = controlPlane.client()) {
      client
          .resource(
              new ClusterRoleBindingBuilder()
                  .withNewMetadata()
                  .withName("federation-admins")
                  .endMetadata()
                  .withNewRoleRef()
                  .withApiGroup("rbac.authorization.k8s.io")
                  .withKind("ClusterRole")
                  .withName("cluster-admin")
                  .endRoleRef()
                  .addNewSubject()
                  .withApiGroup("rbac.authorization.k8s.io")
                  .withKind("Group")
                  .withName("admins")
                  .endSubject()
                  .build())
          .create();
    }
  }

  /** Whether the gateway says so and shows pods of the federation to the user. */
  boolean answersReady() {
    try (KubernetesClient client =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(Files.readString(kubeconfig())))
            .editOrNewConfig()
            .withRequestRetryBackoffLimit(0)
            .withConnectionTimeout(2000)
            .withRequestTimeout(2000)
            .endConfig()
            .build()) {
      return "ok".equals(client.raw("/readyz"))
          && !client.pods().inNamespace("default").list().getItems().isEmpty();
    } catch (KubernetesClientException | IOException e) {
      return false;
    }
  }

  void writeReady() throws IOException {
    Files.writeString(readyMark(), kubeconfig() + System.lineSeparator());
  }

  /** What was ready is ending. */
  void deleteReady() {
    try {
      Files.deleteIfExists(readyMark());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
