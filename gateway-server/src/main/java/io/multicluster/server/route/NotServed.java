package io.multicluster.server.route;

import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;

/** The answer about everything that is not offered. */
public final class NotServed implements Route {
  @Override
  public boolean neverBlocks(RequestInfo info) {
    return true;
  }

  @Override
  public void answer(RoutedRequest request) {
    throw ApiException.noSuchResource();
  }
}
