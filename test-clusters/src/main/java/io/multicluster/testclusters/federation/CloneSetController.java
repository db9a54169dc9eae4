package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * OpenKruise's part in one member: as many pods as each CloneSet wants, replaced one after the
 * other when the template changes. It binds the pods to nodes itself, so that a cluster needs no
 * scheduler.
 */
final class CloneSetController implements AutoCloseable {
  /** On every pod: the name of its CloneSet, to find the pods of one that is gone. */
  private static final String OWNER_LABEL = "testclusters.multicluster.io/cloneset";

  private static final String REVISION_LABEL = "controller-revision-hash";

  /** Kubernetes' alphabet for generated names: no vowels, no digits that look like letters. */
  private static final String SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

  private static final int SUFFIX_LENGTH = 5;
  private static final Duration BURST = Duration.ofMillis(50);

  private final KubernetesClient client;
  private final List<String> nodes;
  private final EventRecorder events;
  private final EventRecorder scheduling;
  private final WorkQueue queue;
  private final SharedIndexInformer<GenericKubernetesResource> cloneSets;
  private final SharedIndexInformer<Pod> pods;

  CloneSetController(KubernetesClient client, String cluster, List<String> nodes) {
    this.client = client;
    this.nodes = nodes;
    this.events = new EventRecorder(client, "cloneset-controller", "");
    this.scheduling = new EventRecorder(client, "default-scheduler", "");
    this.queue = new WorkQueue("clonesets of " + cluster, BURST, this::reconcile);
    this.cloneSets =
        client
            .genericKubernetesResources(CloneSet.TYPE)
            .inAnyNamespace()
            .inform(OnChange.of(object -> queue.add(OnChange.key(object))));
    this.pods =
        client
            .pods()
            .inAnyNamespace()
            .withLabel(OWNER_LABEL)
            .inform(OnChange.of(pod -> queue.add(owner(pod))));
  }

  private void reconcile(String key) {
    String namespace = OnChange.namespace(key);
    String name = OnChange.name(key);
    GenericKubernetesResource object =
        client
            .genericKubernetesResources(CloneSet.TYPE)
            .inNamespace(namespace)
            .withName(name)
            .get();
    // Asked of the API server and not of the informer: the pods made a moment ago must be counted.
    List<Pod> present =
        client.pods().inNamespace(namespace).withLabel(OWNER_LABEL, name).list().getItems().stream()
            .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
            .toList();
    if (object == null || object.getMetadata().getDeletionTimestamp() != null) {
      present.forEach(pod -> client.resource(pod).delete());
      return;
    }
    CloneSet cloneSet = new CloneSet(object);
    reportStatus(cloneSet, present);
    int missing = cloneSet.replicas() - present.size();
    for (int i = 0; i < missing; i++) {
      create(cloneSet);
    }
    if (missing < 0) {
      present.stream()
          .sorted(leastValuableFirst(cloneSet.revision()))
          .limit(-missing)
          .forEach(pod -> delete(cloneSet, pod));
    }
    if (missing == 0 && present.stream().allMatch(PodStatuses::isReady)) {
      present.stream()
          .filter(pod -> !isUpdated(pod, cloneSet.revision()))
          .findFirst()
          .ifPresent(pod -> delete(cloneSet, pod));
    }
  }

  private void create(CloneSet cloneSet) {
    String node = nodes.get(ThreadLocalRandom.current().nextInt(nodes.size()));
    Pod pod =
        new PodBuilder()
            .withMetadata(cloneSet.template().getMetadata())
            .withSpec(cloneSet.template().getSpec())
            .editOrNewMetadata()
            .withNamespace(cloneSet.namespace())
            .withName(cloneSet.name() + "-" + suffix())
            .addToLabels(Map.of(OWNER_LABEL, cloneSet.name(), REVISION_LABEL, cloneSet.revision()))
            .withOwnerReferences(ownerReference(cloneSet))
            .endMetadata()
            .editSpec()
            .withNodeName(node)
            .endSpec()
            .build();
    Pod created = client.resource(pod).create();
    String name = created.getMetadata().getName();
    events.normal(
        EventRecorder.about(cloneSet.object(), ""),
        "SuccessfulCreate",
        "succeed to create pod " + name);
    scheduling.action(
        EventRecorder.about(created, ""),
        "Binding",
        "Scheduled",
        "Successfully assigned %s/%s to %s".formatted(cloneSet.namespace(), name, node));
  }

  private void delete(CloneSet cloneSet, Pod pod) {
    client.resource(pod).delete();
    events.normal(
        EventRecorder.about(cloneSet.object(), ""),
        "SuccessfulDelete",
        "succeed to delete pod " + pod.getMetadata().getName());
  }

  private void reportStatus(CloneSet cloneSet, List<Pod> pods) {
    String revision = cloneSet.revision();
    CloneSet.Counts counts =
        new CloneSet.Counts(
            pods.size(),
            count(pods.stream().filter(PodStatuses::isReady)),
            count(pods.stream().filter(pod -> isUpdated(pod, revision))),
            count(
                pods.stream()
                    .filter(PodStatuses::isReady)
                    .filter(pod -> isUpdated(pod, revision))));
    CloneSetStatus.report(client, cloneSet, counts);
  }

  private static int count(Stream<Pod> pods) {
    return Math.toIntExact(pods.count());
  }

  private static boolean isUpdated(Pod pod, String revision) {
    return revision.equals(pod.getMetadata().getLabels().get(REVISION_LABEL));
  }

  /**
   * Old templates go before new ones, pods that are not ready before ready ones, young ones before
   * proven ones.
   */
  private static Comparator<Pod> leastValuableFirst(String revision) {
    return Comparator.comparing((Pod pod) -> isUpdated(pod, revision))
        .thenComparing(PodStatuses::isReady)
        .thenComparing(pod -> pod.getMetadata().getCreationTimestamp(), Comparator.reverseOrder());
  }

  private static OwnerReference ownerReference(CloneSet cloneSet) {
    return new OwnerReferenceBuilder()
        .withApiVersion(CloneSet.API_VERSION)
        .withKind(CloneSet.KIND)
        .withName(cloneSet.name())
        .withUid(cloneSet.object().getMetadata().getUid())
        .withController(true)
        .withBlockOwnerDeletion(true)
        .build();
  }

  /** The CloneSet that the label names, as a work item. */
  private static String owner(Pod pod) {
    String name = Objects.requireNonNull(pod.getMetadata().getLabels().get(OWNER_LABEL));
    return OnChange.key(pod.getMetadata().getNamespace(), name);
  }

  private static String suffix() {
    StringBuilder suffix = new StringBuilder(SUFFIX_LENGTH);
    for (int i = 0; i < SUFFIX_LENGTH; i++) {
      suffix.append(
          SUFFIX_LETTERS.charAt(ThreadLocalRandom.current().nextInt(SUFFIX_LETTERS.length())));
    }
    return suffix.toString();
  }

  @Override
  public void close() {
    cloneSets.close();
    pods.close();
    queue.close();
  }
}
