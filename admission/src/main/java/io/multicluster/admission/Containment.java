package io.multicluster.admission;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.admission.KubeObject.Owner;
import io.multicluster.admission.MemberPods.Pod;
import io.multicluster.admission.ServedKinds.ServedKind;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.resource.GroupVersionResource;
import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.selector.LabelSelector;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What goes along with a deletion: the objects of a namespace, of a CRD, and those that the garbage
 * collector takes with their owner. Protected ones among them protect what they are in. One request
 * long.
 */
final class Containment {
  static final GroupResource DEFINITIONS =
      new GroupResource("apiextensions.k8s.io", "customresourcedefinitions");

  private static final Set<String> WITHOUT_INTEREST =
      Set.of("events", "leases", "endpoints", "endpointslices", "controllerrevisions");
  private static final int DEEPEST_OWNER = 8;

  private final String cluster;
  private final Reads reads;
  private final Rules rules;
  private final PodRules podRules;
  private final MemberPods pods;
  private final AdmissionSettings settings;
  private final Findings findings;

  Containment(Judgement judgement) {
    this.cluster = judgement.request().info().cluster();
    this.reads = judgement.reads();
    this.rules = judgement.rules();
    this.podRules = judgement.protection().podRules();
    this.pods = judgement.protection().pods();
    this.settings = judgement.protection().settings();
    this.findings = judgement.findings();
  }

  /** Whether an object goes together with others that it does not own. */
  static boolean holds(ObjectKey key) {
    return key.resource().equals(GroupResource.NAMESPACES) || key.resource().equals(DEFINITIONS);
  }

  /** How much is in an object that can hold others. */
  int contents(ObjectKey key, KubeObject object) {
    if (key.resource().equals(GroupResource.NAMESPACES)) {
      return (int) podsOf(key.name()).stream().filter(pod -> !pod.finished()).count();
    }
    if (key.resource().equals(DEFINITIONS)) {
      GroupVersionResource instances = instances(object);
      return instances == null ? 0 : reads.all(Reads.path(instances, ""), "").objects().size();
    }
    return 0;
  }

  /** Judges all that the deletion of an object would take along. */
  void judge(ObjectKey key, KubeObject object, boolean orphans) {
    if (key.resource().equals(GroupResource.NAMESPACES)) {
      namespace(key.name());
    } else if (key.resource().equals(DEFINITIONS)) {
      GroupVersionResource instances = instances(object);
      if (instances != null) {
        reads.any(Reads.path(instances, ""), "", item -> taken(instances, item));
      }
    } else if (!orphans && !WITHOUT_INTEREST.contains(key.resource().resource())) {
      owned(object);
    }
  }

  private void namespace(String namespace) {
    if (pods.available()) {
      for (Pod pod : podsOf(namespace)) {
        if (podTaken(pod)) {
          return;
        }
      }
    }
    for (ServedKind kind : reads.servedKinds().kinds()) {
      if (!findings.refusals().isEmpty()) {
        return;
      }
      if (kind.namespaced()
          && !kind.resource().groupResource().equals(GroupResource.PODS)
          && !WITHOUT_INTEREST.contains(kind.resource().resource())) {
        candidates(kind.resource(), namespace, item -> taken(kind.resource(), item));
      }
    }
  }

  private boolean podTaken(Pod pod) {
    Findings inner = new Findings(settings, findings.user());
    podRules.protection(inner, rules.policies(), pod);
    return take("pods", pod.namespace(), pod.name(), inner);
  }

  private List<Pod> podsOf(String namespace) {
    return pods.select(cluster, namespace, LabelSelector.EVERYTHING, FieldSelector.EVERYTHING);
  }

  /** Looks up from what is protected, which is little, and not down from the owner. */
  private void owned(KubeObject owner) {
    for (ServedKind kind : reads.servedKinds().kinds()) {
      if (!findings.refusals().isEmpty()) {
        return;
      }
      GroupResource resource = kind.resource().groupResource();
      boolean below = owner.namespace().isEmpty() || kind.namespaced();
      if (below
          && (settings.guarded().contains(resource)
              || rules.policies().stream().anyMatch(p -> p.match().covers(resource)))) {
        candidates(
            kind.resource(),
            kind.namespaced() ? owner.namespace() : "",
            item -> belongsTo(item, owner.uid(), 0) && taken(kind.resource(), item));
      }
    }
  }

  private boolean belongsTo(KubeObject object, String ownerUid, int depth) {
    for (Owner owner : object.owners()) {
      if (owner.uid().equals(ownerUid)) {
        return true;
      }
      if (depth < DEEPEST_OWNER) {
        KubeObject above = find(owner, object.namespace());
        if (above != null && belongsTo(above, ownerUid, depth + 1)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Whether what an object says it belongs to is there and stays. */
  boolean isAlive(Owner owner, String namespace) {
    KubeObject found = find(owner, namespace);
    return found != null && found.uid().equals(owner.uid()) && !found.terminating();
  }

  /** What an object says it belongs to; null if it is not there. */
  @Nullable KubeObject find(Owner owner, String namespace) {
    ServedKind kind = reads.servedKinds().named(owner.apiVersion(), owner.kind());
    return kind == null
        ? null
        : reads.get(Reads.path(kind.resource(), kind.namespaced() ? namespace : "", owner.name()));
  }

  /** Visits the objects of a kind that can be protected: all, if a policy covers the kind. */
  private void candidates(
      GroupVersionResource resource, String namespace, Predicate<KubeObject> visitor) {
    String path = Reads.path(resource, namespace);
    if (rules.policies().stream().anyMatch(p -> p.match().covers(resource.groupResource()))) {
      reads.any(path, "", visitor);
      return;
    }
    Set<String> seen = new HashSet<>();
    for (String label : Set.of(Rules.KRUISE_LABEL, Rules.KARMADA_LABEL)) {
      reads.any(
          path,
          "labelSelector=" + Reads.encode(label),
          item -> seen.add(item.uid()) && visitor.test(item));
    }
  }

  private boolean taken(GroupVersionResource resource, KubeObject item) {
    Findings inner = new Findings(settings, findings.user());
    ObjectKey key = new ObjectKey(cluster, resource.groupResource(), item.namespace(), item.name());
    rules.deletion(inner, key, item, () -> 0);
    return take(resource.groupResource().toString(), item.namespace(), item.name(), inner);
  }

  /** Whether enough is known: the first refusal suffices. */
  private boolean take(String resource, String namespace, String name, Findings inner) {
    if (!inner.none()) {
      findings.include(
          "it would take along "
              + resource
              + " \""
              + name
              + "\""
              + (namespace.isEmpty() ? "" : " in namespace \"" + namespace + "\""),
          inner);
    }
    return !inner.refusals().isEmpty();
  }

  private static @Nullable GroupVersionResource instances(KubeObject definition) {
    for (JsonNode version : definition.spec().path("versions")) {
      if (version.path("served").asBoolean()) {
        return new GroupVersionResource(
            definition.spec().path("group").asText(),
            version.path("name").asText(),
            definition.spec().path("names").path("plural").asText());
      }
    }
    return null;
  }
}
