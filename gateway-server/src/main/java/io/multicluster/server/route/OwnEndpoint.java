package io.multicluster.server.route;

import io.multicluster.wire.request.RequestInfo;

/** Paths that the gateway itself answers. */
public interface OwnEndpoint extends Route {
  boolean serves(RequestInfo info);
}
