package io.multicluster.wire.http;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * Takes a body as it arrives. All calls come from one event loop, in order; after {@code end} or
 * {@code failed} nothing follows.
 */
public interface BodyReceiver {
  /**
   * Some bytes. Ownership passes to the receiver, which releases them and tells the source, once
   * they have gone on, that they are consumed: until then the sender's window stays smaller.
   */
  void data(ByteBuf bytes);

  /**
   * @param trailers null if there are none
   */
  void end(@Nullable Http2Headers trailers);

  /** The sender went away or broke the protocol. */
  void failed(Throwable cause);
}
