package io.multicluster.server;

import io.multicluster.cache.CachedKind;
import io.multicluster.cache.ClusterCache;
import io.multicluster.cache.MemberStatus;
import io.multicluster.cache.feed.MemberFeeds;
import io.multicluster.server.metrics.MetricSource;
import io.multicluster.server.metrics.MetricType;
import io.multicluster.server.metrics.MetricsText;
import io.multicluster.wire.resource.GroupResource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/** The members and what is cached of them. */
final class ClusterMetrics implements MetricSource {
  private final ClusterCache cache;
  private final MemberFeeds feeds;

  ClusterMetrics(ClusterCache cache, MemberFeeds feeds) {
    this.cache = cache;
    this.feeds = feeds;
  }

  @Override
  public void write(MetricsText page) {
    page.family(
        "multicluster_cluster_up", MetricType.GAUGE, "Whether the cluster is being followed.");
    feeds
        .problems()
        .forEach((cluster, problem) ->
            page.sample("multicluster_cluster_up", problem.isEmpty() ? 1 : 0, "cluster", cluster));
    Map<CachedKind, List<MemberStatus>> members = cache.members();
    page.family(
        "apiserver_resource_objects",
        MetricType.GAUGE,
        "Objects in the cache, of all clusters together.");
    perKind(page, "apiserver_resource_objects", members.keySet(), cache::objects);
    page.family(
        "multicluster_cache_unknown_fields_total",
        MetricType.COUNTER,
        "Fields that members newer than the gateway sent, and that it shows in protobuf only.");
    perKind(
        page, "multicluster_cache_unknown_fields_total", members.keySet(), cache::unknownFields);
    page.family(
        "multicluster_cached_objects", MetricType.GAUGE, "Objects in the cache, by cluster.");
    perMember(
        page,
        "multicluster_cached_objects",
        members,
        (kind, status) -> cache.objects(kind, status.member().name()));
    page.family(
        "multicluster_cache_stale",
        MetricType.GAUGE,
        "1 where a cluster's objects are shown as they last were, because it does not answer.");
    perMember(page, "multicluster_cache_stale", members, (_, status) -> status.stale() ? 1 : 0);
  }

  private static void perKind(
      MetricsText page, String name, Set<CachedKind> kinds, ToLongFunction<CachedKind> value) {
    kinds.forEach(kind -> {
      GroupResource resource = kind.resource().groupResource();
      page.sample(
          name,
          value.applyAsLong(kind),
          "group",
          resource.group(),
          "resource",
          resource.resource());
    });
  }

  private interface Value {
    long of(CachedKind kind, MemberStatus status);
  }

  private static void perMember(
      MetricsText page, String name, Map<CachedKind, List<MemberStatus>> members, Value value) {
    members.forEach((kind, statuses) -> {
      GroupResource resource = kind.resource().groupResource();
      for (MemberStatus status : statuses) {
        page.sample(
            name,
            value.of(kind, status),
            "cluster",
            status.member().name(),
            "group",
            resource.group(),
            "resource",
            resource.resource());
      }
    });
  }
}
