package io.multicluster.server.admission;

import io.multicluster.admission.MemberPods;
import io.multicluster.cache.CachedKind;
import io.multicluster.cache.ClusterCache;
import io.multicluster.cache.MemberObject;
import io.multicluster.cache.MemberStatus;
import io.multicluster.wire.proto.ObjectMeta;
import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.resource.GroupVersionResource;
import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.table.PodRow;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The pods of the members as the cluster cache has them. Of an owner only those count that are
 * known to be there: what a member had which does not answer may be gone.
 */
public final class CachedMemberPods implements MemberPods {
  private static final GroupVersionResource PODS = CachedKind.PODS.resource();

  private final ClusterCache cache;

  private CachedMemberPods(ClusterCache cache) {
    this.cache = cache;
  }

  /** Looks at a cache, if that has pods. */
  public static MemberPods of(ClusterCache cache) {
    return cache.serves(PODS) ? new CachedMemberPods(cache) : MemberPods.UNKNOWN;
  }

  @Override
  public List<Pod> select(
      String cluster, String namespace, LabelSelector labels, FieldSelector fields) {
    checkReady();
    StringPool pool = new StringPool(64);
    return cache.select(PODS, cluster, namespace, labels, fields).stream()
        .map(object -> pod(object, pool))
        .toList();
  }

  @Override
  public List<Pod> ownedBy(PodOwner owner) {
    checkReady();
    Set<String> silent = silent();
    StringPool pool = new StringPool(64);
    return cache
        .owned(PODS, owner.namespace(), object -> owner.equals(owner(metadata(object, pool))))
        .stream()
        .filter(object -> !silent.contains(object.cluster()))
        .map(object -> pod(object, pool))
        .toList();
  }

  private void checkReady() {
    if (!cache.ready()) {
      throw ApiException.unavailable("the pods of the members are not known yet", 1);
    }
  }

  private Set<String> silent() {
    return cache.members().getOrDefault(CachedKind.PODS, List.of()).stream()
        .filter(MemberStatus::stale)
        .map(status -> status.member().name())
        .collect(Collectors.toSet());
  }

  private static ObjectMeta metadata(MemberObject object, StringPool pool) {
    return ObjectMeta.scan(object.bytes(), 0, object.bytes().length, pool);
  }

  private static @Nullable PodOwner owner(ObjectMeta metadata) {
    ObjectMeta.OwnerReference owner = metadata.controller();
    return owner == null ? null : new PodOwner(metadata.namespace(), owner.kind(), owner.name());
  }

  private static Pod pod(MemberObject object, StringPool pool) {
    ObjectMeta metadata = metadata(object, pool);
    String phase = PodRow.read(object.bytes(), 0, object.bytes().length, pool).phase();
    return new Pod(
        object.cluster(),
        metadata.namespace(),
        metadata.name(),
        metadata.uid(),
        metadata.labels(),
        owner(metadata),
        metadata.deleting(),
        phase.equals("Succeeded") || phase.equals("Failed"));
  }
}
