package io.multicluster.admission;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.wire.resource.GroupResource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a kind keeps how many replicas it has. An absent number means one replica, as all of
 * Kubernetes' and OpenKruise's workloads have it.
 *
 * @param kind for references such as an autoscaler's {@code scaleTargetRef}
 * @param scaler whether objects of this kind move the replicas of another object, named by their
 *     {@code scaleTargetRef}; the path is their minimum then
 */
public record ReplicaPath(ResourcePattern resource, String kind, JsonPointer path, boolean scaler) {

  /** The kinds that are known without configuration. */
  public static final List<ReplicaPath> DEFAULTS =
      List.of(
          workload("deployments.apps", "Deployment", "/spec/replicas"),
          workload("deployments.extensions", "Deployment", "/spec/replicas"),
          workload("replicasets.apps", "ReplicaSet", "/spec/replicas"),
          workload("statefulsets.apps", "StatefulSet", "/spec/replicas"),
          workload("replicationcontrollers", "ReplicationController", "/spec/replicas"),
          workload("clonesets.apps.kruise.io", "CloneSet", "/spec/replicas"),
          workload("statefulsets.apps.kruise.io", "StatefulSet", "/spec/replicas"),
          workload("uniteddeployments.apps.kruise.io", "UnitedDeployment", "/spec/replicas"),
          workload("jobs.batch", "Job", "/spec/parallelism"),
          workload("workloadscalers.*", "WorkloadScaler", "/spec/replicas"),
          scaler("horizontalpodautoscalers.autoscaling", "HorizontalPodAutoscaler"),
          scaler("federatedhpas.autoscaling.karmada.io", "FederatedHPA"));

  public static ReplicaPath workload(String resource, String kind, String path) {
    return new ReplicaPath(ResourcePattern.parse(resource), kind, JsonPointer.compile(path), false);
  }

  private static ReplicaPath scaler(String resource, String kind) {
    return new ReplicaPath(
        ResourcePattern.parse(resource), kind, JsonPointer.compile("/spec/minReplicas"), true);
  }

  static @Nullable ReplicaPath of(List<ReplicaPath> paths, GroupResource resource) {
    for (ReplicaPath path : paths) {
      if (path.resource.matches(resource)) {
        return path;
      }
    }
    return null;
  }

  /** The replicas that an object asks for. */
  int replicas(KubeObject object) {
    if (object.spec().path("suspend").asBoolean(false)) {
      return 0;
    }
    JsonNode value = object.root().at(path);
    return value.canConvertToInt() ? value.intValue() : 1;
  }

  /**
   * How many of the replicas before a change are there after it: fewer than {@link #replicas} says
   * if a StatefulSet's ordinals move, or a CloneSet is told which pods to delete.
   */
  int remaining(KubeObject before, KubeObject after) {
    int wanted = replicas(after);
    int had = replicas(before);
    int movedFrom = before.spec().at("/ordinals/start").asInt(0);
    int movedTo = after.spec().at("/ordinals/start").asInt(0);
    if (movedFrom != movedTo) {
      long end = Math.min((long) movedFrom + had, (long) movedTo + wanted);
      return Math.clamp(end - Math.max(movedFrom, movedTo), 0, wanted);
    }
    Set<String> named = podsToDelete(after);
    named.removeAll(podsToDelete(before));
    return named.isEmpty() ? wanted : Math.min(wanted, Math.max(0, had - named.size()));
  }

  private static Set<String> podsToDelete(KubeObject object) {
    Set<String> names = new HashSet<>();
    for (JsonNode name : object.spec().at("/scaleStrategy/podsToDelete")) {
      names.add(name.asText());
    }
    return names;
  }
}
