package io.multicluster.server.transport;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DecoratingHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;

/**
 * Closes connections that make us answer control frames and do not read the answers: those would
 * pile up in memory (CVE-2019-9512, -9514, -9515).
 */
final class ControlFrameQueueLimit extends DecoratingHttp2ConnectionEncoder {
  private static final int QUEUED = 10_000;

  private int queued;

  ControlFrameQueueLimit(Http2ConnectionEncoder encoder) {
    super(encoder);
  }

  @Override
  public ChannelFuture writeSettingsAck(ChannelHandlerContext ctx, ChannelPromise promise) {
    return super.writeSettingsAck(ctx, counted(ctx, promise));
  }

  @Override
  public ChannelFuture writePing(
      ChannelHandlerContext ctx, boolean ack, long data, ChannelPromise promise) {
    return super.writePing(ctx, ack, data, ack ? counted(ctx, promise) : promise);
  }

  @Override
  public ChannelFuture writeRstStream(
      ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
    return super.writeRstStream(ctx, streamId, errorCode, counted(ctx, promise));
  }

  private ChannelPromise counted(ChannelHandlerContext ctx, ChannelPromise promise) {
    ChannelPromise watched = promise.unvoid();
    if (++queued > QUEUED) {
      ctx.close();
    }
    return watched.addListener(_ -> queued--);
  }
}
