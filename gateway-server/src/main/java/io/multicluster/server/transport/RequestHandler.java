package io.multicluster.server.transport;

import io.multicluster.wire.http.Exchange;

/** Takes each request of each connection. */
@FunctionalInterface
public interface RequestHandler {
  /**
   * Called on the connection's event loop as soon as the head of a request is there; must not
   * block. The answer may come later and from another thread.
   */
  void handle(Exchange exchange);
}
