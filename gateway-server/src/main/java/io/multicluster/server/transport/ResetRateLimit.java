package io.multicluster.server.transport;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DecoratingHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Closes connections on which we reset streams all the time: a client can make us do that by
 * sending frames that are wrong for their stream, after we have begun to work for it
 * (CVE-2025-8671). Resets that end an early answer are no sign of it.
 */
final class ResetRateLimit extends DecoratingHttp2ConnectionEncoder {
  static final int RESETS = 1000;
  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final LongSupplier nanoTime;
  private long windowStart;
  private int seen;

  ResetRateLimit(Http2ConnectionEncoder encoder, LongSupplier nanoTime) {
    super(encoder);
    this.nanoTime = nanoTime;
    this.windowStart = nanoTime.getAsLong();
  }

  @Override
  public ChannelFuture writeRstStream(
      ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
    if (errorCode != Http2Error.NO_ERROR.code()) {
      long now = nanoTime.getAsLong();
      if (now - windowStart >= WINDOW_NANOS) {
        windowStart = now;
        seen = 0;
      }
      if (++seen > RESETS) {
        ctx.close();
      }
    }
    return super.writeRstStream(ctx, streamId, errorCode, promise);
  }
}
