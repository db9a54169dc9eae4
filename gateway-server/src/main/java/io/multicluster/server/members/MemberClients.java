package io.multicluster.server.members;

import io.multicluster.cache.CachedKind;
import io.multicluster.proxy.UpstreamClient;
import org.jspecify.annotations.Nullable;

/** Who has the objects of cached kinds. Safe for use by any thread. */
public interface MemberClients {
  /** The API server of a cluster; null if there is no such cluster, or it has none of the kind. */
  @Nullable UpstreamClient client(CachedKind kind, String cluster);

  /** The cluster in which an object is created that names none; empty if it has to. */
  String home(CachedKind kind);
}
