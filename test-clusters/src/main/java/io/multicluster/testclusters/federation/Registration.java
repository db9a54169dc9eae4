package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequest;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A member as the control plane knows it: Karmada's Cluster object for push mode, the two Secrets
 * that it refers to, and a Ready condition that is looked after.
 */
final class Registration implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Registration.class);
  private static final String NAMESPACE = "karmada-cluster";
  private static final Duration TOKEN_LIFETIME = Duration.ofDays(365);
  private static final Duration PROBE_PERIOD = Duration.ofSeconds(5);
  private static final ResourceDefinitionContext TYPE =
      new ResourceDefinitionContext.Builder()
          .withGroup("cluster.karmada.io")
          .withVersion("v1alpha1")
          .withKind("Cluster")
          .withPlural("clusters")
          .withNamespaced(false)
          .build();
  static final String PATH = "/apis/cluster.karmada.io/v1alpha1/clusters";

  private final KubernetesClient controlPlane;
  private final Member member;
  private final ScheduledExecutorService prober;

  /** Registers the member and looks after its condition from then on. */
  Registration(KubernetesClient controlPlane, Member member) {
    this.controlPlane = controlPlane;
    this.member = member;
    try (KubernetesClient entered = member.cluster().access().client()) {
      controlPlane.resource(secret(entered, member.name(), "karmada")).create();
      controlPlane.resource(secret(entered, impersonatorSecret(), "karmada-impersonator")).create();
      controlPlane.genericKubernetesResources(TYPE).resource(cluster(entered)).create();
    }
    tryProbe();
    this.prober =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("prober of " + member.name()).factory());
    var _ =
        prober.scheduleWithFixedDelay(
            this::tryProbe,
            PROBE_PERIOD.toMillis(),
            PROBE_PERIOD.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  Member member() {
    return member;
  }

  /** Takes the member out of the control plane: Cluster object first, credentials after. */
  void remove() {
    close();
    object().delete();
    controlPlane.secrets().inNamespace(NAMESPACE).withName(member.name()).delete();
    controlPlane.secrets().inNamespace(NAMESPACE).withName(impersonatorSecret()).delete();
  }

  @Override
  public void close() {
    prober.shutdownNow();
  }

  private String impersonatorSecret() {
    return member.name() + "-impersonator";
  }

  private Secret secret(KubernetesClient entered, String name, String account) {
    TokenRequest request =
        new TokenRequestBuilder()
            .withNewSpec()
            .withExpirationSeconds(TOKEN_LIFETIME.toSeconds())
            .endSpec()
            .build();
    TokenRequest answer =
        entered.serviceAccounts().inNamespace(NAMESPACE).withName(account).tokenRequest(request);
    return new SecretBuilder()
        .withNewMetadata()
        .withNamespace(NAMESPACE)
        .withName(name)
        .endMetadata()
        .withType("Opaque")
        .addToStringData("token", answer.getStatus().getToken())
        .addToStringData("caBundle", member.cluster().access().caCertificate())
        .build();
  }

  private GenericKubernetesResource cluster(KubernetesClient entered) {
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("id", entered.namespaces().withName("default").require().getMetadata().getUid());
    spec.put("syncMode", "Push");
    spec.put("apiEndpoint", member.cluster().access().server().toString());
    spec.put("secretRef", Map.of("namespace", NAMESPACE, "name", member.name()));
    spec.put("impersonatorSecretRef", Map.of("namespace", NAMESPACE, "name", impersonatorSecret()));
    GenericKubernetesResource cluster = new GenericKubernetesResource();
    cluster.setApiVersion("cluster.karmada.io/v1alpha1");
    cluster.setKind("Cluster");
    cluster.setMetadata(new ObjectMetaBuilder().withName(member.name()).build());
    cluster.setAdditionalProperty("spec", spec);
    return cluster;
  }

  private void tryProbe() {
    try {
      probe();
    } catch (RuntimeException e) {
      LOG.debug("can't report how {} is: {}", member.name(), e.toString());
    }
  }

  private void probe() {
    Map<String, Object> status = isHealthy() ? healthy() : unreachable();
    GenericKubernetesResource cluster = object().get();
    if (cluster == null || Objects.equals(readiness(status), readiness(cluster.get("status")))) {
      return;
    }
    cluster.setAdditionalProperty("status", status);
    controlPlane.genericKubernetesResources(TYPE).resource(cluster).updateStatus();
  }

  private Resource<GenericKubernetesResource> object() {
    return controlPlane.genericKubernetesResources(TYPE).withName(member.name());
  }

  private boolean isHealthy() {
    try {
      return "ok".equals(member.client().raw("/readyz"));
    } catch (KubernetesClientException _) {
      return false;
    }
  }

  private Map<String, Object> healthy() {
    int nodes = member.client().nodes().list().getItems().size();
    Map<String, Object> status =
        ready("True", "ClusterReady", "cluster is healthy and ready to accept workloads");
    status.put("kubernetesVersion", member.client().getKubernetesVersion().getGitVersion());
    status.put("nodeSummary", Map.of("totalNum", nodes, "readyNum", nodes));
    return status;
  }

  private static Map<String, Object> unreachable() {
    return ready("False", "ClusterNotReachable", "cluster is not reachable");
  }

  private static Map<String, Object> ready(String value, String reason, String message) {
    Map<String, Object> status = new LinkedHashMap<>();
    status.put(
        "conditions",
        List.of(
            Map.of(
                "type", "Ready",
                "status", value,
                "reason", reason,
                "message", message,
                "lastTransitionTime", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())));
    return status;
  }

  /** The value of the only condition. */
  private static Object readiness(Object status) {
    return status instanceof Map<?, ?> map
            && map.get("conditions") instanceof List<?> conditions
            && !conditions.isEmpty()
            && conditions.getFirst() instanceof Map<?, ?> ready
        ? String.valueOf(ready.get("status"))
        : "Unknown";
  }
}
