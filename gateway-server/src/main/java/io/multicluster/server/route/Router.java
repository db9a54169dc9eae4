package io.multicluster.server.route;

import io.multicluster.wire.request.RequestInfo;
import java.util.List;

/**
 * Picks the route of a request by its path, verb and kind. Pure: it asks nobody and answers
 * nothing, so it may run before it is known whether the request is allowed.
 */
public final class Router {
  private final OfferedResources offered;
  private final List<OwnEndpoint> own;
  private final Routes routes;

  /**
   * The routes besides the gateway's own endpoints.
   *
   * @param cachedReads get, list and watch of cached kinds, of one member or of all
   * @param cachedWrites everything else that is done to cached kinds, of one member or of all
   * @param gathered everything about kinds that are asked of all members at each request
   * @param federated everything about federated kinds
   * @param member the whole API of one member, cached kinds apart
   * @param notServed the 404
   */
  public record Routes(
      Route cachedReads,
      Route cachedWrites,
      Route gathered,
      Route federated,
      Route member,
      Route notServed) {}

  public Router(OfferedResources offered, List<OwnEndpoint> own, Routes routes) {
    this.offered = offered;
    this.own = List.copyOf(own);
    this.routes = routes;
  }

  public Route route(RequestInfo info) {
    boolean oneMember = !info.cluster().isEmpty();
    if (!info.resourceRequest()) {
      return oneMember ? routes.member() : ownEndpoint(info);
    }
    if (offered.isCached(info.groupResource())) {
      return isRead(info) ? routes.cachedReads() : routes.cachedWrites();
    }
    if (oneMember) {
      return routes.member();
    }
    if (offered.isGathered(info.groupResource())) {
      return routes.gathered();
    }
    return offered.isFederated(info.groupResource()) ? routes.federated() : routes.notServed();
  }

  private Route ownEndpoint(RequestInfo info) {
    for (OwnEndpoint endpoint : own) {
      if (endpoint.serves(info)) {
        return endpoint;
      }
    }
    return routes.notServed();
  }

  private static boolean isRead(RequestInfo info) {
    return info.subresource().isEmpty()
        && switch (info.verb()) {
          case "get", "list", "watch" -> true;
          default -> false;
        };
  }
}
