package io.multicluster.server.route;

import io.multicluster.proxy.ReverseProxy;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.server.audit.AuditAnnotations;
import io.multicluster.wire.request.RequestInfo;
import java.time.Duration;

/** Federated kinds: the control plane answers, asked as the user. */
public final class ControlPlaneRoute implements Route {
  private final UpstreamClient controlPlane;

  public ControlPlaneRoute(UpstreamClient controlPlane) {
    this.controlPlane = controlPlane;
  }

  @Override
  public boolean neverBlocks(RequestInfo info) {
    return true;
  }

  @Override
  public void answer(RoutedRequest request) {
    request.audit().put(AuditAnnotations.CLUSTER, controlPlane.name());
    // The pipeline's deadline ends a request whose answer does not come.
    ReverseProxy.forward(
        request.exchange(),
        controlPlane,
        request.user(),
        request.exchange().request().target(),
        Duration.ZERO,
        error -> ErrorAnswer.send(request.exchange(), error.status()));
  }
}
