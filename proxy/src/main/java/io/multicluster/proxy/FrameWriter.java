package io.multicluster.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;

/**
 * Writes the frames of a client's HTTP/2 connection (RFC 9113, 6), without a flush. Frames that
 * nobody waits for have no promise of their own. Confined to the event loop.
 */
final class FrameWriter {
  /** What the protocol starts with; more would be memory of ours at a peer's wish. */
  private static final int MOST_HEADER_TABLE = Http2CodecUtil.DEFAULT_HEADER_TABLE_SIZE;

  /** Enough for most heads, which are compressed. */
  private static final int USUAL_HEAD = 512;

  private static final int FRAME_HEADER = Http2CodecUtil.FRAME_HEADER_LENGTH;
  private static final short NO_FLAGS = 0;
  private static final short ACK = new Http2Flags().ack(true).value();
  private static final short END_STREAM = new Http2Flags().endOfStream(true).value();
  private static final short END_HEADERS = new Http2Flags().endOfHeaders(true).value();

  private final ChannelHandlerContext ctx;
  private final DefaultHttp2HeadersEncoder hpack =
      new DefaultHttp2HeadersEncoder(HeaderIndexing.NEVER_INDEXED);
  private int maxFrameSize = Http2CodecUtil.DEFAULT_MAX_FRAME_SIZE;

  FrameWriter(ChannelHandlerContext ctx) {
    this.ctx = ctx;
  }

  /** How large a frame's payload may be. */
  int maxFrameSize() {
    return maxFrameSize;
  }

  /** Takes over what the peer wants of frames. */
  void configure(Http2Settings peer) throws Http2Exception {
    Integer size = peer.maxFrameSize();
    if (size != null) {
      maxFrameSize = size;
    }
    Long table = peer.headerTableSize();
    if (table != null) {
      hpack.configuration().maxHeaderTableSize(Math.min(table, MOST_HEADER_TABLE));
    }
    Long list = peer.maxHeaderListSize();
    if (list != null) {
      hpack.configuration().maxHeaderListSize(list);
    }
  }

  /** Begins the connection. */
  void preface(Http2Settings own) {
    ctx.write(Http2CodecUtil.connectionPrefaceBuf(), ctx.voidPromise());
    int length = own.size() * Http2CodecUtil.SETTING_ENTRY_LENGTH;
    ByteBuf frame = frame(length, Http2FrameTypes.SETTINGS, NO_FLAGS, 0);
    for (var setting : own.entries()) {
      frame.writeShort(setting.key()).writeInt(setting.value().intValue());
    }
    write(frame);
  }

  void settingsAck() {
    write(frame(0, Http2FrameTypes.SETTINGS, ACK, 0));
  }

  void ping(boolean ack, long data) {
    write(frame(Long.BYTES, Http2FrameTypes.PING, ack ? ACK : NO_FLAGS, 0).writeLong(data));
  }

  void reset(int streamId, long code) {
    write(
        frame(Integer.BYTES, Http2FrameTypes.RST_STREAM, NO_FLAGS, streamId).writeInt((int) code));
  }

  /**
   * @param streamId 0 for the connection
   */
  void windowUpdate(int streamId, int bytes) {
    write(frame(Integer.BYTES, Http2FrameTypes.WINDOW_UPDATE, NO_FLAGS, streamId).writeInt(bytes));
  }

  /** A client's: the peer has opened no streams. */
  void goAway(long code, String why) {
    byte[] text = why.getBytes(UTF_8);
    write(
        frame(2 * Integer.BYTES + text.length, Http2FrameTypes.GO_AWAY, NO_FLAGS, 0)
            .writeInt(0)
            .writeInt((int) code)
            .writeBytes(text));
  }

  /**
   * @return done when the head has left for the socket as a whole
   * @throws Http2Exception if the peer doesn't take as much; nothing was written then
   */
  ChannelFuture headers(int streamId, Http2Headers headers, boolean end) throws Http2Exception {
    ByteBuf frame = ctx.alloc().buffer(USUAL_HEAD).writeZero(FRAME_HEADER);
    try {
      hpack.encodeHeaders(streamId, headers, frame);
    } catch (Http2Exception | RuntimeException e) {
      frame.release();
      throw e;
    }
    ChannelPromise sent = ctx.newPromise();
    int length = frame.readableBytes() - FRAME_HEADER;
    short endFlag = end ? END_STREAM : NO_FLAGS;
    if (length > maxFrameSize) {
      writeInPieces(streamId, frame.skipBytes(FRAME_HEADER), endFlag, sent);
      return sent;
    }
    int written = frame.writerIndex();
    frame.writerIndex(0);
    frameHeader(frame, length, Http2FrameTypes.HEADERS, (short) (endFlag | END_HEADERS), streamId);
    return ctx.write(frame.writerIndex(written), sent);
  }

  private void writeInPieces(int streamId, ByteBuf block, short endFlag, ChannelPromise sent) {
    byte type = Http2FrameTypes.HEADERS;
    short flags = endFlag;
    while (block.readableBytes() > maxFrameSize) {
      write(frame(maxFrameSize, type, flags, streamId).writeBytes(block, maxFrameSize));
      type = Http2FrameTypes.CONTINUATION;
      flags = NO_FLAGS;
    }
    write(frame(block.readableBytes(), type, END_HEADERS, streamId));
    ctx.write(block, sent);
  }

  /**
   * @param bytes at most {@link #maxFrameSize()}; ownership passes over
   */
  void data(int streamId, ByteBuf bytes, boolean end, ChannelPromise promise) {
    short flags = end ? END_STREAM : NO_FLAGS;
    ByteBuf header =
        frameHeader(
            ctx.alloc().buffer(FRAME_HEADER),
            bytes.readableBytes(),
            Http2FrameTypes.DATA,
            flags,
            streamId);
    write(header);
    ctx.write(bytes, promise);
  }

  private void write(ByteBuf frame) {
    ctx.write(frame, ctx.voidPromise());
  }

  private ByteBuf frame(int length, byte type, short flags, int streamId) {
    return frameHeader(ctx.alloc().buffer(FRAME_HEADER + length), length, type, flags, streamId);
  }

  private static ByteBuf frameHeader(ByteBuf to, int length, byte type, short flags, int streamId) {
    return to.writeMedium(length).writeByte(type).writeByte(flags).writeInt(streamId);
  }

  /** What compression holds is released. */
  void close() {
    hpack.close();
  }
}
