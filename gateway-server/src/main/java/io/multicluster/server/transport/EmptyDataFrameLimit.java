package io.multicluster.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * Ends connections that send DATA frames with nothing in them, one after the other: flow control
 * does not count them, so nothing else would stop them (CVE-2019-9518).
 */
final class EmptyDataFrameLimit extends Http2FrameListenerDecorator {
  private static final int CONSECUTIVE = 8;

  private int consecutive;

  EmptyDataFrameLimit(Http2FrameListener listener) {
    super(listener);
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean end)
      throws Http2Exception {
    if (end || data.isReadable()) {
      consecutive = 0;
    } else if (++consecutive > CONSECUTIVE) {
      throw Http2Exception.connectionError(
          Http2Error.ENHANCE_YOUR_CALM, "more than %d empty DATA frames", CONSECUTIVE);
    }
    return super.onDataRead(ctx, streamId, data, padding, end);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean end)
      throws Http2Exception {
    consecutive = 0;
    super.onHeadersRead(ctx, streamId, headers, padding, end);
  }
}
