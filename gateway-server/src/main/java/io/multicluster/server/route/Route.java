package io.multicluster.server.route;

import io.multicluster.wire.request.RequestInfo;

/** One place where requests are answered. Safe for use by any thread. */
public interface Route {
  /**
   * Whether such a request is answered without waiting for anybody, and therefore on the event loop
   * of its connection.
   */
  boolean fromMemory(RequestInfo info);

  /**
   * Answers; returns at the latest when the answer is under way.
   *
   * @throws io.multicluster.wire.status.ApiException to be sent instead of an answer, if none was
   *     begun
   */
  void answer(RoutedRequest request);
}
