package io.multicluster.proxy;

import io.multicluster.wire.http.BodyReceiver;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * Takes an upstream's answer: the head, then the body. All calls but {@link #begun} come from one
 * event loop.
 *
 * <p>Bytes given to {@link #data} count against the window of the answer until {@link
 * UpstreamExchange#consumed} returns them. {@link #failed} before {@link #head} gives an {@link
 * io.multicluster.wire.status.ApiException} fit for a client.
 */
public interface ResponseReceiver extends BodyReceiver {
  /**
   * Called first, before {@link UpstreamClient#send} returns and on its caller's thread.
   *
   * @param exchange where to return credit and to cancel
   */
  default void begun(UpstreamExchange exchange) {}

  /** The final head; informational ones (1xx) are not passed on. {@code headers} pass over. */
  void head(int status, Http2Headers headers);

  /**
   * No more has arrived for now: what was passed on should go out. Follows each batch of calls to
   * {@link #head} and {@link #data}, unless {@link #end} or {@link #failed} came in between.
   */
  default void flush() {}
}
