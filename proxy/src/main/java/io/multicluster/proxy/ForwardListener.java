package io.multicluster.proxy;

import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.Http2Headers;

/** Follows a forwarded request. Called on the exchange's event loop. */
public interface ForwardListener {
  /** The answer's head, before the client sees it; {@code headers} may be changed. */
  default void head(int status, Http2Headers headers) {}

  /**
   * There will be no answer from the upstream, and nothing of one was sent: the listener answers
   * the client. An answer that breaks off later is reset and not told here.
   */
  void failed(ApiException error);
}
