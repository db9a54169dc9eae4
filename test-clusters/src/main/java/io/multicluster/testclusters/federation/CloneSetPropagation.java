package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Karmada's part: each CloneSet of the control plane has a copy in the members of its placement,
 * with an even share of the replicas; the sum of the copies' status is its status. A member that
 * can't be reached keeps its share, counts as it was last seen, and does not hold up the others.
 */
final class CloneSetPropagation implements AutoCloseable {
  private static final Duration BURST = Duration.ofMillis(50);

  private final KubernetesClient controlPlane;
  private final Map<String, Route> routes = new ConcurrentSkipListMap<>();
  private final WorkQueue queue;
  private final SharedIndexInformer<GenericKubernetesResource> cloneSets;

  /** The way into one member, and what was last seen there. */
  private record Route(
      KubernetesClient client, SharedIndexInformer<GenericKubernetesResource> copies) {}

  CloneSetPropagation(KubernetesClient controlPlane) {
    this.controlPlane = controlPlane;
    this.queue = new WorkQueue("propagation", BURST, this::reconcile);
    this.cloneSets = watch(controlPlane);
  }

  void join(Member member) {
    routes.put(member.name(), new Route(member.client(), watch(member.client())));
    lookAtAll();
  }

  /** Forgets the member; its copies stay there, as Karmada leaves them. */
  void leave(Member member) {
    Route route = routes.remove(member.name());
    if (route != null) {
      route.copies().close();
    }
    lookAtAll();
  }

  private SharedIndexInformer<GenericKubernetesResource> watch(KubernetesClient client) {
    return client
        .genericKubernetesResources(CloneSet.TYPE)
        .inAnyNamespace()
        .inform(OnChange.of(object -> queue.add(OnChange.key(object))));
  }

  private void lookAtAll() {
    cloneSets.getStore().list().forEach(object -> queue.add(OnChange.key(object)));
  }

  private void reconcile(String key) {
    GenericKubernetesResource object =
        resource(controlPlane, OnChange.namespace(key), OnChange.name(key)).get();
    CloneSet cloneSet = object == null ? null : new CloneSet(object);
    List<String> members = List.copyOf(routes.keySet());
    List<String> placement =
        cloneSet == null || cloneSet.isDeleted() ? List.of() : cloneSet.placement(members);
    KubernetesClientException failure = null;
    CloneSet.Counts counts = CloneSet.Counts.NONE;
    for (String name : members) {
      Route route = routes.get(name);
      if (route == null) {
        continue;
      }
      try {
        int turn = placement.indexOf(name);
        if (cloneSet == null || turn < 0) {
          resource(route.client(), OnChange.namespace(key), OnChange.name(key)).delete();
        } else {
          apply(route.client(), cloneSet, share(cloneSet.replicas(), placement.size(), turn));
        }
      } catch (KubernetesClientException e) {
        failure = e;
      }
      GenericKubernetesResource copy = route.copies().getStore().getByKey(key);
      if (copy != null) {
        counts = counts.plus(new CloneSet(copy).counts());
      }
    }
    if (cloneSet != null && !cloneSet.isDeleted()) {
      CloneSetStatus.report(controlPlane, cloneSet, counts);
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** The first members of the placement get one more where it does not divide evenly. */
  private static int share(int replicas, int members, int turn) {
    return replicas / members + (turn < replicas % members ? 1 : 0);
  }

  private static void apply(KubernetesClient member, CloneSet cloneSet, int replicas) {
    Map<String, Object> spec = cloneSet.spec(replicas);
    GenericKubernetesResource present =
        resource(member, cloneSet.namespace(), cloneSet.name()).get();
    if (present == null) {
      create(member, cloneSet, spec);
    } else if (!Objects.equals(present.get("spec"), spec)) {
      present.setAdditionalProperty("spec", spec);
      member.genericKubernetesResources(CloneSet.TYPE).resource(present).update();
    }
  }

  private static void create(KubernetesClient member, CloneSet cloneSet, Map<String, Object> spec) {
    GenericKubernetesResource copy = new GenericKubernetesResource();
    copy.setApiVersion(CloneSet.API_VERSION);
    copy.setKind(CloneSet.KIND);
    copy.setMetadata(
        new ObjectMetaBuilder()
            .withNamespace(cloneSet.namespace())
            .withName(cloneSet.name())
            .withLabels(cloneSet.object().getMetadata().getLabels())
            .build());
    copy.setAdditionalProperty("spec", spec);
    if (member.namespaces().withName(cloneSet.namespace()).get() == null) {
      member
          .resource(
              new NamespaceBuilder()
                  .withNewMetadata()
                  .withName(cloneSet.namespace())
                  .endMetadata()
                  .build())
          .create();
    }
    member.genericKubernetesResources(CloneSet.TYPE).resource(copy).create();
  }

  private static Resource<GenericKubernetesResource> resource(
      KubernetesClient client, String namespace, String name) {
    return client.genericKubernetesResources(CloneSet.TYPE).inNamespace(namespace).withName(name);
  }

  @Override
  public void close() {
    cloneSets.close();
    routes.values().forEach(route -> route.copies().close());
    queue.close();
  }
}
