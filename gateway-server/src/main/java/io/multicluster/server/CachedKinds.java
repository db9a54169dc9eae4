package io.multicluster.server;

import io.multicluster.cache.CachedKind;
import io.multicluster.cache.CachedKind.Encoding;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.resource.GroupVersionResource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What is to be cached of the members for what the configuration names. */
final class CachedKinds {
  /** Events have two names and are the same objects. */
  private static final Map<GroupResource, CachedKind> KNOWN =
      Map.of(
          GroupResource.PODS,
          CachedKind.PODS,
          GroupResource.EVENTS,
          CachedKind.EVENTS,
          GroupResource.EVENTS_K8S_IO,
          CachedKind.EVENTS,
          new GroupResource("", "nodes"),
          new CachedKind(
              new GroupVersionResource("", "v1", "nodes"), "Node", false, Encoding.PROTOBUF));

  private CachedKinds() {}

  /**
   * @throws IllegalArgumentException if one of them can't be cached
   */
  static List<CachedKind> of(Collection<GroupResource> resources) {
    List<CachedKind> kinds = new ArrayList<>();
    for (GroupResource resource : resources) {
      CachedKind kind = KNOWN.get(resource);
      if (kind == null) {
        throw new IllegalArgumentException(
            "resources.cached: "
                + resource
                + " can't be cached; these can: "
                + new TreeSet<>(KNOWN.keySet().stream().map(GroupResource::toString).toList()));
      }
      if (!kinds.contains(kind)) {
        kinds.add(kind);
      }
    }
    return kinds;
  }
}
