package io.multicluster.admission;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.wire.resource.GroupVersionResource;
import org.jspecify.annotations.Nullable;

/**
 * Judges an autoscaler by what its limits allow it to do to its target: it will do so later, when
 * nobody asks.
 */
final class AutoscalerRules {
  private AutoscalerRules() {}

  /**
   * Judges the limits that an object has after a change; objects that are no autoscalers have none.
   *
   * @param before null if the change makes the autoscaler
   */
  static void judge(
      Judgement judgement, ObjectKey key, @Nullable KubeObject before, KubeObject after) {
    Rules rules = judgement.rules();
    ReplicaPath path = rules.replicaPath(key.resource());
    if (path == null || !path.scaler()) {
      return;
    }
    JsonNode reference = after.spec().path("scaleTargetRef");
    GroupVersionResource resource =
        target(
            judgement.protection().settings(),
            reference.path("apiVersion").asText(),
            reference.path("kind").asText());
    if (resource == null) {
      return;
    }
    String name = reference.path("name").asText();
    KubeObject target = judgement.reads().get(Reads.path(resource, key.namespace(), name));
    ReplicaPath targetPath = rules.replicaPath(resource.groupResource());
    if (target == null || targetPath == null) {
      return;
    }
    ObjectKey targetKey =
        new ObjectKey(key.cluster(), resource.groupResource(), key.namespace(), name);
    int has = targetPath.replicas(target);
    int most = after.spec().path("maxReplicas").asInt(Integer.MAX_VALUE);
    int least = Math.min(most, after.spec().path("minReplicas").asInt(1));
    int assured = has;
    if (before != null && before.spec().path("scaleTargetRef").equals(reference)) {
      assured = Math.min(has, before.spec().path("minReplicas").asInt(1));
    }
    Findings findings = judgement.findings();
    rules.fall(findings, targetKey, target, target, assured, Math.min(least, assured));
    rules.fall(findings, targetKey, target, target, has, Math.min(most, has));
    if (findings.refusals().isEmpty() && least < assured) {
      judgement.protection().remember(targetKey, has);
    }
  }

  private static @Nullable GroupVersionResource target(
      AdmissionSettings settings, String apiVersion, String kind) {
    int slash = apiVersion.indexOf('/');
    String group = slash < 0 ? "" : apiVersion.substring(0, slash);
    String version = apiVersion.substring(slash + 1);
    for (ReplicaPath path : settings.replicaPaths()) {
      String itsGroup = path.resource().group();
      if (!path.scaler()
          && path.kind().equals(kind)
          && (itsGroup.equals(group) || itsGroup.equals("*"))) {
        return new GroupVersionResource(group, version, path.resource().resource());
      }
    }
    return null;
  }
}
