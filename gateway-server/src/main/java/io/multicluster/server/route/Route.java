package io.multicluster.server.route;

import io.multicluster.wire.request.RequestInfo;

/** One place where requests are answered. Safe for use by any thread. */
public interface Route {
  /**
   * Whether {@link #answer} returns at once for such a request, whoever makes the answer then: from
   * memory, or as it arrives from an upstream. It may then run on an event loop.
   */
  boolean neverBlocks(RequestInfo info);

  /**
   * Answers; returns at the latest when the answer is under way.
   *
   * @throws io.multicluster.wire.status.ApiException to be sent instead of an answer, if none was
   *     begun
   */
  void answer(RoutedRequest request);
}
