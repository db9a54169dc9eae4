package io.multicluster.admission;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.admission.KubeObject.Owner;
import io.multicluster.admission.MemberPods.Pod;
import io.multicluster.admission.MemberPods.PodOwner;
import io.multicluster.wire.selector.LabelSelector.Operator;
import io.multicluster.wire.selector.LabelSelector.Requirement;
import io.multicluster.wire.selector.LabelSet;
import io.multicluster.wire.status.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Changes of a pod by which its owner loses it without a deletion: the owner lets it go, or it
 * stops.
 */
final class PodDeparture {
  /** OpenKruise deletes a pod that has it, and makes another. */
  private static final String SPECIFIED_DELETE = "apps.kruise.io/specified-delete";

  private static final Set<String> FINISHED = Set.of("Succeeded", "Failed");

  private PodDeparture() {}

  /**
   * How a change loses the pod; null if it does not.
   *
   * @param containment of the pod's cluster
   * @throws ApiException if that can't be known
   */
  static @Nullable String of(KubeObject before, KubeObject after, Containment containment) {
    Owner owner = before.controller();
    if (owner != null && !owner.equals(after.controller())) {
      return "it would leave " + name(owner);
    }
    boolean relabelled = !before.metadata().path("labels").equals(after.metadata().path("labels"));
    if (owner != null && relabelled && released(owner, before, after, containment)) {
      return name(owner) + " would let it go with these labels";
    }
    if (after.label(SPECIFIED_DELETE) != null && before.label(SPECIFIED_DELETE) == null) {
      return "label " + SPECIFIED_DELETE + " would have it deleted";
    }
    if (stops(before, after)) {
      return "it would stop";
    }
    List<Owner> added = new ArrayList<>(after.owners());
    added.removeAll(before.owners());
    for (Owner each : added) {
      if (!containment.isAlive(each, before.namespace())) {
        return name(each) + " is not there or going, so it would be deleted with it";
      }
    }
    return null;
  }

  private static boolean stops(KubeObject before, KubeObject after) {
    String deadline = "activeDeadlineSeconds";
    return (after.spec().has(deadline)
            && !after.spec().path(deadline).equals(before.spec().path(deadline)))
        || (isFinished(after) && !isFinished(before));
  }

  private static boolean isFinished(KubeObject pod) {
    return FINISHED.contains(pod.root().path("status").path("phase").asText());
  }

  private static boolean released(
      Owner owner, KubeObject before, KubeObject after, Containment containment) {
    KubeObject found = containment.find(owner, before.namespace());
    JsonNode selector = found == null ? null : found.spec().get("selector");
    return selector != null
        && matches(selector, before.labels())
        && !matches(selector, after.labels());
  }

  private static boolean matches(JsonNode selector, LabelSet labels) {
    boolean plain = !selector.has("matchLabels") && !selector.has("matchExpressions");
    // A ReplicationController has a map of labels and nothing around it.
    JsonNode equal = plain ? selector : selector.path("matchLabels");
    for (var label : equal.properties()) {
      if (!label.getValue().asText().equals(labels.get(label.getKey()))) {
        return false;
      }
    }
    for (JsonNode expression : selector.path("matchExpressions")) {
      if (!requirement(expression).matches(labels)) {
        return false;
      }
    }
    return true;
  }

  private static Requirement requirement(JsonNode expression) {
    List<String> values = new ArrayList<>();
    expression.path("values").forEach(value -> values.add(value.asText()));
    Operator operator =
        switch (expression.path("operator").asText().toLowerCase(Locale.ROOT)) {
          case "in" -> Operator.IN;
          case "notin" -> Operator.NOT_IN;
          case "exists" -> Operator.EXISTS;
          case "doesnotexist" -> Operator.DOES_NOT_EXIST;
          default -> throw ApiException.unavailable("its owner's selector can't be judged", 0);
        };
    return new Requirement(expression.path("key").asText(), operator, values);
  }

  /** The pod as the rules for pods see it. */
  static Pod pod(String cluster, KubeObject object) {
    Owner owner = object.controller();
    return new Pod(
        cluster,
        object.namespace(),
        object.name(),
        object.uid(),
        object.labels(),
        owner == null ? null : new PodOwner(object.namespace(), owner.kind(), owner.name()),
        object.terminating(),
        isFinished(object));
  }

  private static String name(Owner owner) {
    return owner.kind() + " \"" + owner.name() + "\"";
  }
}
