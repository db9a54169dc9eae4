package io.multicluster.server.route;

import io.multicluster.cache.ClusterCache;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;

/** Get, list and watch of cached kinds, of all members or of one. */
public final class CachedReads implements Route {
  private final ClusterCache cache;

  public CachedReads(ClusterCache cache) {
    this.cache = cache;
  }

  @Override
  public boolean neverBlocks(RequestInfo info) {
    return true;
  }

  @Override
  public void answer(RoutedRequest request) {
    if (!cache.serves(request.info().groupVersionResource())) {
      throw ApiException.noSuchResource();
    }
    if (!request.exchange().request().method().equals("GET")) {
      throw ApiException.methodNotAllowed();
    }
    if (request.exchange().eventLoop().inEventLoop()) {
      serve(request);
    } else {
      ErrorAnswer.shieldOnEventLoop(request.exchange(), () -> serve(request));
    }
  }

  private void serve(RoutedRequest request) {
    Exchange exchange = request.exchange();
    cache.serve(
        exchange,
        request.query(),
        request.info(),
        error -> ErrorAnswer.send(exchange, error.status()));
  }
}
