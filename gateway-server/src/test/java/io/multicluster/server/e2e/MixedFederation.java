package io.multicluster.server.e2e;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.server.TestGateway;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * What clients are tried on: a gateway in this JVM over a control plane, the member {@code live} of
 * the same release with controllers, a scheduler and kubelets at work, and the member {@code old}
 * of Kubernetes 1.33. Its user may do everything everywhere.
 */
final class MixedFederation implements AutoCloseable {
  static final String LIVE = "live";
  static final String OLD = "old";

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String RESOURCES =
      """
      {cached: [pods, events, events.events.k8s.io, nodes],\
       gathered: [pods.metrics.k8s.io, nodes.metrics.k8s.io],\
       federated: [configmaps, secrets, namespaces, services, serviceaccounts,\
       deployments.apps, replicasets.apps, leases.coordination.k8s.io,\
       clonesets.apps.kruise.io]}\
      """;

  private final List<Runnable> ends = new ArrayList<>();
  private final TestCluster controlPlane;
  private final TestCluster live;
  private final TestCluster old;
  private final Path folder;
  private final Path kubeconfig;

  private MixedFederation(Path folder) throws Exception {
    this.folder = folder;
    try {
      RealClusters newest = new RealClusters(System.err::println);
      controlPlane = newest.start(ClusterSpec.bare("control-plane", folder.resolve("cp")));
      ends.add(controlPlane::close);
      live = newest.start(ClusterSpec.live(LIVE, folder.resolve(LIVE)));
      ends.add(live::close);
      old =
          new RealClusters(RealClusters.KUBE_1_33, System.err::println)
              .start(ClusterSpec.bare(OLD, folder.resolve(OLD)));
      ends.add(old::close);
      try (KubernetesClient member = live.access().client();
          KubernetesClient federation = controlPlane.access().client()) {
        member.resource(GatewayOverLiveMember.node()).create();
        defineCloneSets(federation);
      }
      TestGateway gateway = TestGateway.start(folder, controlPlane, List.of(live, old), RESOURCES);
      ends.add(gateway::close);
      kubeconfig = folder.resolve("kubeconfig");
      gateway.kubeconfig().write(kubeconfig);
    } catch (Exception e) {
      close();
      throw e;
    }
  }

  static MixedFederation start(Path folder) throws Exception {
    return new MixedFederation(folder);
  }

  private static void defineCloneSets(KubernetesClient client) throws IOException {
    try (InputStream yaml =
        Objects.requireNonNull(
            TestCluster.class.getResourceAsStream("federation/clonesets.yaml"))) {
      client.load(yaml).items().forEach(object -> client.resource(object).create());
    }
    Awaitility.await("clonesets are served")
        .atMost(PATIENCE)
        .until(() -> client.raw("/apis/apps.kruise.io/v1alpha1/clonesets") != null);
  }

  /** A kubeconfig for the gateway as a whole. */
  Path kubeconfig() {
    return kubeconfig;
  }

  /** For the files of tests. */
  Path folder() {
    return folder;
  }

  TestCluster controlPlane() {
    return controlPlane;
  }

  List<TestCluster> members() {
    return List.of(live, old);
  }

  /** Makes a namespace in all clusters, and returns when pods can be made there. */
  String namespace(String name) {
    for (TestCluster cluster : List.of(controlPlane, live, old)) {
      try (KubernetesClient client = cluster.access().client()) {
        client
            .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
            .create();
      }
    }
    try (KubernetesClient client = live.access().client()) {
      Awaitility.await("service account of " + name)
          .atMost(PATIENCE)
          .until(
              () -> client.serviceAccounts().inNamespace(name).withName("default").get() != null);
    }
    return name;
  }

  /**
   * Makes a namespace as {@link #namespace} does, with a running pod {@code web} in {@code live}.
   */
  String namespaceWithPod(String name) {
    namespace(name);
    try (KubernetesClient client = live.access().client()) {
      client
          .resource(
              """
              apiVersion: v1
              kind: Pod
              metadata: {name: web, namespace: %s}
              spec:
                terminationGracePeriodSeconds: 0
                containers: [{name: main, image: registry.example/app:1}]
              """
                  .formatted(name))
          .create();
      client
          .pods()
          .inNamespace(name)
          .withName("web")
          .waitUntilReady(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    return name;
  }

  @Override
  public void close() {
    ends.reversed().forEach(Runnable::run);
    ends.clear();
  }
}
