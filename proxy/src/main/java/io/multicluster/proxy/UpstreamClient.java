package io.multicluster.proxy;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One API server as seen by its callers: requests go out over pooled connections with the gateway's
 * own credentials for it, which this client adds. Safe for use by any thread.
 *
 * <p>A request is repeated transparently when it certainly was not carried out (refused stream,
 * GOAWAY, connection lost before its head left), and once, if it has no body and its method changes
 * nothing, when the connection broke before any byte of an answer.
 */
public interface UpstreamClient extends AutoCloseable {
  /** The name used in messages and metrics: a member's or the control plane's. */
  String name();

  /**
   * Sends a request. Everything that happens to it is told to {@code receiver}, on one event loop,
   * failures to connect included ({@link ResponseReceiver#failed} with an {@link ApiException}).
   */
  UpstreamExchange send(UpstreamRequest request, ResponseReceiver receiver);

  /**
   * Sends a request with the usual time-out for its head.
   *
   * @param body the whole body; null if none. Ownership passes to the client.
   */
  default UpstreamExchange send(
      RequestHead head, @Nullable ByteBuf body, ResponseReceiver receiver) {
    UpstreamRequest request = UpstreamRequest.of(head);
    return send(
        body == null ? request : request.withBody(new UpstreamRequest.Body.Whole(body)), receiver);
  }

  /**
   * Sends a request and waits for the whole answer, whatever its status. For virtual threads: it
   * blocks, and must not be called on an event loop.
   *
   * @param body null if none
   * @param maxBodyBytes a longer answer is broken off and reported as an error
   * @throws ApiException if the upstream can't be reached, breaks off, exceeds {@code timeout} or
   *     {@code maxBodyBytes}, or the thread is interrupted
   */
  UpstreamResponse call(
      RequestHead head, byte @Nullable [] body, int maxBodyBytes, Duration timeout);

  /**
   * Asks for an upgrade, over an HTTP/1.1 connection of its own, which lives on the request's event
   * loop. Never repeated once it was sent.
   *
   * @param request without body, its headers with {@code connection} and {@code upgrade}
   */
  UpstreamExchange upgrade(UpstreamRequest request, UpgradeReceiver receiver);

  /**
   * Takes over a changed configuration. Requests under way go on with the old one; if more than the
   * token has changed, new ones get new connections.
   *
   * @throws IllegalArgumentException if certificates or key can't be used; nothing is changed then
   */
  void reconfigure(UpstreamConfig config);

  /** Ends all streams and connections; what was under way fails. Idempotent. */
  @Override
  void close();
}
