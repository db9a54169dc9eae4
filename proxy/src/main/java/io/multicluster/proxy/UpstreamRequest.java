package io.multicluster.proxy;

import io.multicluster.wire.http.BodySource;
import io.multicluster.wire.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A request to an upstream.
 *
 * @param head the target as escaped path and query below the server's own URL; the headers pass to
 *     the client
 * @param body passes to the client
 * @param headTimeout how long to wait for the answer's head; zero for ever, as log streams need
 * @param window bytes of the answer that may be on the way or unconsumed; 0 for the client's own
 *     {@link UpstreamLimits#streamWindow}, below which it can't go. A reader that consumes at once
 *     takes large lists over long distances faster with a larger one.
 * @param eventLoop where to run, best that of whoever reads the answer; one of the client's group.
 *     Null to take turns.
 */
public record UpstreamRequest(
    RequestHead head, Body body, Duration headTimeout, int window, @Nullable EventLoop eventLoop) {

  /** kube-apiserver's own time for an ordinary request. */
  public static final Duration DEFAULT_HEAD_TIMEOUT = Duration.ofSeconds(60);

  /** What a request carries beside its head. */
  public sealed interface Body {
    Body NONE = new None();

    /** Nothing. */
    record None() implements Body {}

    /** Bytes at hand; the reference passes on. */
    record Whole(ByteBuf bytes) implements Body {}

    /** Bytes still arriving; nobody has begun to receive them. */
    record Streamed(BodySource source) implements Body {}
  }

  /** A request without a body and with the usual time-out. */
  public static UpstreamRequest of(RequestHead head) {
    return new UpstreamRequest(head, Body.NONE, DEFAULT_HEAD_TIMEOUT, 0, null);
  }

  public UpstreamRequest withBody(Body newBody) {
    return new UpstreamRequest(head, newBody, headTimeout, window, eventLoop);
  }

  public UpstreamRequest withHeadTimeout(Duration timeout) {
    return new UpstreamRequest(head, body, timeout, window, eventLoop);
  }

  public UpstreamRequest withWindow(int bytes) {
    return new UpstreamRequest(head, body, headTimeout, bytes, eventLoop);
  }

  public UpstreamRequest withEventLoop(EventLoop loop) {
    return new UpstreamRequest(head, body, headTimeout, window, loop);
  }
}
