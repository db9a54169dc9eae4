package io.multicluster.server;

import io.multicluster.cache.ClusterCache;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupVersionResource;
import java.util.Map;

/** How many objects lists look at, known well enough for flow control. Safe for any thread. */
final class CacheSizes {
  private final ClusterCache cache;
  private volatile Map<GroupVersionResource, Integer> sizes = Map.of();

  CacheSizes(ClusterCache cache) {
    this.cache = cache;
  }

  void refresh() {
    sizes = cache.sizes();
  }

  /** Zero if it is not known; lists of one namespace go by an index and look at little. */
  long looksAt(RequestInfo list) {
    return list.namespace().isEmpty() ? sizes.getOrDefault(list.groupVersionResource(), 0) : 0;
  }
}
