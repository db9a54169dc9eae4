package io.multicluster.server.route;

import io.multicluster.cache.ClusterCache;
import io.multicluster.proxy.ReverseProxy;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.server.audit.AuditAnnotations;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Writes to single objects of cached kinds and their subresources, such as a pod's log: the member
 * that has the object answers, asked as the user.
 *
 * <p>What passes is not translated yet: a resourceVersion of ours in a body is unknown to the
 * member, which answers 409, and the answer has the member's own resourceVersion.
 */
public final class CachedWrites implements Route {
  private final ClusterCache cache;
  private final Function<String, @Nullable UpstreamClient> members;

  /**
   * @param members a member's client by its name; null if there is no such member
   */
  public CachedWrites(ClusterCache cache, Function<String, @Nullable UpstreamClient> members) {
    this.cache = cache;
    this.members = members;
  }

  @Override
  public boolean neverBlocks(RequestInfo info) {
    return true;
  }

  @Override
  public void answer(RoutedRequest request) {
    RequestInfo info = request.info();
    if (!cache.serves(info.groupVersionResource())) {
      throw ApiException.noSuchResource();
    }
    if (info.name().isEmpty()) {
      throw ApiException.badRequest(
          info.groupResource()
              + " live in the member clusters: use the entry /clusters/NAME of the one that is"
              + " meant");
    }
    UpstreamClient owner = owner(info);
    request.audit().put(AuditAnnotations.CLUSTER, owner.name());
    ReverseProxy.forward(
        request.exchange(),
        owner,
        request.user(),
        request.exchange().request().target(),
        Duration.ZERO,
        error -> ErrorAnswer.send(request.exchange(), error.status()));
  }

  private UpstreamClient owner(RequestInfo info) {
    List<String> owners =
        cache.owners(info.groupVersionResource(), info.namespace(), info.objectName());
    if (owners.isEmpty()) {
      throw ApiException.notFound(info.groupResource(), info.objectName());
    }
    if (owners.size() > 1) {
      throw new ApiException(
          Status.failure(
              409,
              "Conflict",
              info.groupResource()
                  + " \""
                  + info.objectName()
                  + "\" is in several clusters: "
                  + String.join(", ", owners)
                  + "; use the entry /clusters/NAME of the one that is meant"));
    }
    UpstreamClient client = members.apply(owners.getFirst());
    if (client == null) {
      throw ApiException.unavailable(
          "cluster " + owners.getFirst() + " has left the federation", 0);
    }
    return client;
  }
}
