package io.multicluster.server.e2e;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.multicluster.testclusters.TestCluster;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes, changes and deletes pods and events of one member at random, past the gateway, whether the
 * member answers or not. Each write notes something unique in the object.
 */
final class MemberChurn implements AutoCloseable {
  /** Where names are the member's own. */
  static final String NAMESPACE = "churn";

  /** Where all members have the same names. */
  static final String TWINS = "twins";

  static final String NOTE = "churn";

  private static final int NAMES = 25;
  private static final int TWIN_NAMES = 4;
  private static final int PAUSE_MILLIS = 50;
  private static final int TIMEOUT_MILLIS = 5000;

  private final String member;
  private final KubernetesClient client;
  private final Random random;
  private final Thread thread;
  private final AtomicInteger writes = new AtomicInteger();
  private final Set<String> acknowledgedPodNotes = ConcurrentHashMap.newKeySet();
  private volatile int latest;
  private volatile boolean stopped;

  private MemberChurn(TestCluster cluster, long seed) {
    this.member = cluster.name();
    Config config = Config.fromKubeconfig(cluster.access().kubeconfig());
    config.setRequestRetryBackoffLimit(0);
    config.setRequestTimeout(TIMEOUT_MILLIS);
    config.setConnectionTimeout(TIMEOUT_MILLIS);
    this.client = new KubernetesClientBuilder().withConfig(config).build();
    this.random = new Random(seed);
    this.thread = Thread.ofVirtual().name("churn of " + member).unstarted(this::run);
  }

  static MemberChurn start(TestCluster member, long seed) {
    try (KubernetesClient patient = member.access().client()) {
      for (String namespace : new String[] {NAMESPACE, TWINS}) {
        patient
            .resource(
                new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
            .create();
      }
    }
    MemberChurn churn = new MemberChurn(member, seed);
    churn.thread.start();
    return churn;
  }

  /** Writes that the member has acknowledged. */
  int writes() {
    return writes.get();
  }

  /** The number of the write that was begun last; it ends what that write notes. */
  int latest() {
    return latest;
  }

  /** What acknowledged writes noted in pods of {@link #NAMESPACE}. */
  Set<String> acknowledgedPodNotes() {
    return acknowledgedPodNotes;
  }

  private void run() {
    for (int i = 0; !stopped; i++) {
      latest = i;
      try {
        write(member + "-" + i);
        writes.incrementAndGet();
      } catch (KubernetesClientException e) {
        // It is there already, or gone, or the member is.
      }
      try {
        Thread.sleep(random.nextInt(2 * PAUSE_MILLIS));
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void write(String note) {
    int dice = random.nextInt(100);
    String namespace = dice % 10 == 0 ? TWINS : NAMESPACE;
    String name =
        namespace.equals(TWINS)
            ? "twin-" + random.nextInt(TWIN_NAMES)
            : member + "-" + random.nextInt(NAMES);
    boolean pod = dice < 70;
    Resource<?> object =
        pod
            ? client.pods().inNamespace(namespace).withName(name)
            : client.v1().events().inNamespace(namespace).withName(name);
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> create(pod, namespace, name, note);
      case 3, 4 -> {
        object.withGracePeriod(0).delete();
        return;
      }
      default ->
          object.patch(
              PatchContext.of(PatchType.JSON_MERGE),
              "{\"metadata\":{\"annotations\":{\"%s\":\"%s\",\"filler\":\"%s\"}}}"
                  .formatted(NOTE, note, "x".repeat(random.nextInt(200))));
    }
    if (pod && namespace.equals(NAMESPACE)) {
      acknowledgedPodNotes.add(note);
    }
  }

  private void create(boolean pod, String namespace, String name, String note) {
    ObjectMeta metadata =
        new ObjectMetaBuilder()
            .withNamespace(namespace)
            .withName(name)
            .addToAnnotations(NOTE, note)
            .addToLabels("app", "churn")
            .build();
    if (pod) {
      client
          .resource(
              new PodBuilder()
                  .withMetadata(metadata)
                  .withNewSpec()
                  .addNewContainer()
                  .withName("main")
                  .withImage("registry.example/app:" + note)
                  .endContainer()
                  .endSpec()
                  .build())
          .create();
    } else {
      client
          .resource(
              new EventBuilder()
                  .withMetadata(metadata)
                  .withNewInvolvedObject()
                  .withKind("Pod")
                  .withNamespace(namespace)
                  .withName(name)
                  .endInvolvedObject()
                  .withReason("Churned")
                  .withMessage(note)
                  .withType("Normal")
                  .build())
          .create();
    }
  }

  @Override
  public void close() {
    stopped = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    client.close();
  }
}
