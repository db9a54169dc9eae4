package io.multicluster.admission;

import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.user.UserInfo;
import java.util.List;
import java.util.Set;

/**
 * What an operator decides about admission.
 *
 * @param breakGlassGroups who may override rules by giving a reason; nobody if empty
 * @param autoscalerUsers identities that scale on their own, such as {@code
 *     system:serviceaccount:kube-system:horizontal-pod-autoscaler}
 * @param autoscalerGroups groups of such identities
 * @param replicaPaths where kinds keep their replicas; the first that fits counts
 * @param guarded kinds on which protection labels are looked for when an owner is deleted; kinds
 *     that policies name are looked at anyway
 */
public record AdmissionSettings(
    Set<String> breakGlassGroups,
    Set<String> autoscalerUsers,
    Set<String> autoscalerGroups,
    List<ReplicaPath> replicaPaths,
    Set<GroupResource> guarded) {
  private static final Set<GroupResource> GUARDED =
      Set.of(
          new GroupResource("apps", "deployments"),
          new GroupResource("apps", "statefulsets"),
          new GroupResource("apps.kruise.io", "clonesets"),
          new GroupResource("apps.kruise.io", "statefulsets"),
          new GroupResource("apps.kruise.io", "uniteddeployments"),
          new GroupResource("networking.k8s.io", "ingresses"),
          new GroupResource("", "services"));

  public static final AdmissionSettings DEFAULTS =
      new AdmissionSettings(Set.of(), Set.of(), Set.of(), ReplicaPath.DEFAULTS, GUARDED);

  public AdmissionSettings {
    breakGlassGroups = Set.copyOf(breakGlassGroups);
    autoscalerUsers = Set.copyOf(autoscalerUsers);
    autoscalerGroups = Set.copyOf(autoscalerGroups);
    replicaPaths = List.copyOf(replicaPaths);
    guarded = Set.copyOf(guarded);
  }

  boolean mayBreakGlass(UserInfo user) {
    return user.groups().stream().anyMatch(breakGlassGroups::contains);
  }

  boolean isAutoscaler(UserInfo user) {
    return autoscalerUsers.contains(user.name())
        || user.groups().stream().anyMatch(autoscalerGroups::contains);
  }
}
