package io.multicluster.server.route;

import io.multicluster.server.discovery.Discovery;
import io.multicluster.wire.request.RequestInfo;

/** {@code /api}, {@code /apis} and {@code /openapi}. */
public final class DiscoveryEndpoint implements OwnEndpoint {
  private final Discovery discovery;

  public DiscoveryEndpoint(Discovery discovery) {
    this.discovery = discovery;
  }

  @Override
  public boolean serves(RequestInfo info) {
    return Discovery.isDiscoveryPath(info.path());
  }

  @Override
  public boolean neverBlocks(RequestInfo info) {
    return !Discovery.isOpenApiPath(info.path());
  }

  @Override
  public void answer(RoutedRequest request) {
    discovery.serve(request.exchange(), request.info().path());
  }
}
