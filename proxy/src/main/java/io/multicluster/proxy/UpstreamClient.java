package io.multicluster.proxy;

import io.multicluster.wire.http.RequestHead;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * One API server as seen by its callers: requests go out over pooled connections with the gateway's
 * own credentials for it, which this client adds. Safe for use by any thread.
 */
public interface UpstreamClient extends AutoCloseable {
  /** The name used in messages and metrics: a member's or the control plane's. */
  String name();

  /**
   * Sends a request. Everything that happens to it is told to {@code receiver}, on an event loop,
   * failures to connect included ({@link ResponseReceiver#failed}).
   *
   * @param head the target as escaped path and query below the server's own URL; its headers pass
   *     to the client
   * @param body the whole body; null if none. Ownership passes to the client.
   */
  UpstreamExchange send(RequestHead head, @Nullable ByteBuf body, ResponseReceiver receiver);

  /** Ends all streams and connections; what was under way fails. Idempotent. */
  @Override
  void close();
}
