package io.multicluster.testclusters.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.multicluster.testclusters.ClusterSpec;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulatedClusterTest {
  private final SimulatedClusters clusters = new SimulatedClusters();
  private @TempDir Path folder;
  private SimulatedCluster cluster;

  @BeforeEach
  void start() {
    cluster = clusters.start(ClusterSpec.bare("one", folder));
  }

  @AfterEach
  void stop() {
    cluster.close();
    clusters.close();
  }

  private static ConfigMap configMap(String name, String value) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("default")
        .endMetadata()
        .addToData("key", value)
        .build();
  }

  @Test
  void anInformerFollowsChangesAcrossARestart() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    try (KubernetesClient client = cluster.access().client()) {
      var informer =
          client
              .configMaps()
              .inNamespace("default")
              .inform(
                  new ResourceEventHandler<>() {
                    @Override
                    public void onAdd(ConfigMap map) {
                      seen.add("+" + map.getMetadata().getName());
                    }

                    @Override
                    public void onUpdate(ConfigMap old, ConfigMap map) {
                      seen.add("=" + map.getData().get("key"));
                    }

                    @Override
                    public void onDelete(ConfigMap map, boolean unknown) {
                      seen.add("-" + map.getMetadata().getName());
                    }
                  });
      client.resource(configMap("a", "1")).create();
      assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("+a");
      cluster.restart();
      client.resource(configMap("a", "2")).update();
      assertThat(seen.poll(30, TimeUnit.SECONDS)).isEqualTo("=2");
      client.resource(configMap("a", "2")).delete();
      assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("-a");
      informer.stop();
    }
  }

  @Test
  void usersMayDoWhatRolesGrantThem() {
    try (KubernetesClient admin = cluster.access().client();
        KubernetesClient jane = cluster.accessAs("jane", "dev").client()) {
      assertThatThrownBy(() -> jane.configMaps().inNamespace("default").list())
          .isInstanceOf(KubernetesClientException.class)
          .hasMessageContaining(
              "configmaps is forbidden: User \"jane\" cannot list resource \"configmaps\" in API"
                  + " group \"\" in the namespace \"default\"");
      admin
          .resource(
              new RoleBindingBuilder()
                  .withNewMetadata()
                  .withName("dev")
                  .withNamespace("default")
                  .endMetadata()
                  .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "view")
                  .addNewSubject("rbac.authorization.k8s.io", "Group", "dev", null)
                  .build())
          .create();
      assertThat(jane.configMaps().inNamespace("default").list().getItems()).isEmpty();
    }
  }
}
