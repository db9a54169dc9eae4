package io.multicluster.server;

import io.multicluster.cache.CachedKind;
import io.multicluster.cache.feed.MemberFeeds;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.server.members.MemberClients;
import org.jspecify.annotations.Nullable;

/**
 * The members, and among them the control plane: its Events are shown beside theirs and can be
 * changed there, but it is no cluster to run pods in or to be entered below {@code /clusters}.
 *
 * @param controlPlane its name
 */
record FederationMembers(MemberFeeds feeds, String controlPlane) implements MemberClients {

  @Override
  public @Nullable UpstreamClient client(CachedKind kind, String cluster) {
    return kind.equals(CachedKind.EVENTS) ? feeds.client(cluster) : member(cluster);
  }

  /** Who tells of federated objects need not know of clusters. */
  @Override
  public String home(CachedKind kind) {
    return kind.equals(CachedKind.EVENTS) ? controlPlane : "";
  }

  /** The API server of a member cluster; null if there is none of that name. */
  @Nullable UpstreamClient member(String cluster) {
    return cluster.equals(controlPlane) ? null : feeds.client(cluster);
  }
}
