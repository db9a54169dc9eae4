package io.multicluster.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** One attempt of a {@link Call} on a connection. Confined to its event loop. */
interface LinkStream {
  /**
   * Sends a part of the request's body. Ownership of {@code bytes} passes over.
   *
   * @param last whether the body ends with them
   * @param written runs once the bytes have left for the socket or were dropped
   */
  void write(ByteBuf bytes, boolean last, Runnable written);

  /** Ends a body whose last bytes were not known to be so. */
  void end(@Nullable Http2Headers trailers);

  /** Returns credit for bytes of the answer. */
  void consumed(int bytes);

  /** Ends the attempt at once; the call hears nothing more of it. */
  void cancel();
}
