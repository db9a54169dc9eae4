package io.multicluster.server.transport;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Settings;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Ends connections that send more PING, SETTINGS and PRIORITY frames than any use explains. Each
 * one is cheap for the sender and makes us parse, answer and flush (CVE-2019-9512, -9515).
 * client-go sends a PING per 30 s of silence, gRPC-like clients a few a second.
 */
final class ControlFrameRateLimit extends Http2FrameListenerDecorator {
  static final int FRAMES = 1000;
  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final LongSupplier nanoTime;
  private long windowStart;
  private int seen;

  ControlFrameRateLimit(Http2FrameListener listener, LongSupplier nanoTime) {
    super(listener);
    this.nanoTime = nanoTime;
    this.windowStart = nanoTime.getAsLong();
  }

  @Override
  public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
    count();
    super.onPingRead(ctx, data);
  }

  @Override
  public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
      throws Http2Exception {
    count();
    super.onSettingsRead(ctx, settings);
  }

  @Override
  public void onPriorityRead(
      ChannelHandlerContext ctx, int streamId, int dependency, short weight, boolean exclusive)
      throws Http2Exception {
    count();
    super.onPriorityRead(ctx, streamId, dependency, weight, exclusive);
  }

  @Override
  public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode)
      throws Http2Exception {
    count();
    super.onRstStreamRead(ctx, streamId, errorCode);
  }

  private void count() throws Http2Exception {
    long now = nanoTime.getAsLong();
    if (now - windowStart >= WINDOW_NANOS) {
      windowStart = now;
      seen = 0;
    }
    if (++seen > FRAMES) {
      throw Http2Exception.connectionError(
          Http2Error.ENHANCE_YOUR_CALM, "more than %d control frames in 10 s", FRAMES);
    }
  }
}
