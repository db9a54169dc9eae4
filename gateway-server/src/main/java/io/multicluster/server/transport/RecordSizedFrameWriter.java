package io.multicluster.server.transport;

import static io.netty.handler.codec.http2.Http2CodecUtil.FRAME_HEADER_LENGTH;

import io.multicluster.proxy.HeaderIndexing;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameTypes;

/**
 * Writes DATA so that a full frame with its header is exactly one TLS record. Netty's own writer
 * sends header and payload as two buffers, which TLS then joins at places that drift through the
 * frames, and that costs a fifth of the CPU of a long answer.
 */
final class RecordSizedFrameWriter extends DefaultHttp2FrameWriter {
  /** RFC 8446 5.1; also what {@code SslHandler} takes at a time. */
  private static final int TLS_RECORD = 16 * 1024;

  private static final int PAYLOAD = TLS_RECORD - FRAME_HEADER_LENGTH;

  RecordSizedFrameWriter() {
    super(HeaderIndexing.NEVER_INDEXED);
  }

  @Override
  public ChannelFuture writeData(
      ChannelHandlerContext ctx,
      int streamId,
      ByteBuf data,
      int padding,
      boolean endStream,
      ChannelPromise promise) {
    if (padding != 0) {
      return super.writeData(ctx, streamId, data, padding, endStream, promise);
    }
    try {
      while (data.readableBytes() > PAYLOAD) {
        ctx.write(frame(ctx, streamId, data, PAYLOAD, false));
      }
      return ctx.write(frame(ctx, streamId, data, data.readableBytes(), endStream), promise);
    } finally {
      data.release();
    }
  }

  private static ByteBuf frame(
      ChannelHandlerContext ctx, int streamId, ByteBuf data, int length, boolean endStream) {
    ByteBuf frame = ctx.alloc().directBuffer(FRAME_HEADER_LENGTH + length);
    frame.writeMedium(length);
    frame.writeByte(Http2FrameTypes.DATA);
    frame.writeByte(new Http2Flags().endOfStream(endStream).value());
    frame.writeInt(streamId);
    return frame.writeBytes(data, length);
  }
}
