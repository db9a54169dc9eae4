package io.multicluster.cache;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.util.ReferenceCountUtil;

/**
 * A WebSocket: each event is a message, text for JSON, binary for protobuf and then without the
 * length that frames it elsewhere. What the client sends is answered as the RFC wants and otherwise
 * ignored. Confined to the channel's event loop.
 */
final class WebSocketWatchOutput extends ChannelInboundHandlerAdapter implements WatchOutput {
  /** Nothing of any size is expected of the client. */
  private static final int MAX_FRAME = 64 * 1024;

  private static final int LENGTH_PREFIX = 4;

  private final Channel channel;
  private final boolean protobuf;
  private Runnable writableListener = () -> {};

  private WebSocketWatchOutput(Channel channel, boolean protobuf) {
    this.channel = channel;
    this.protobuf = protobuf;
  }

  /**
   * @param channel that has left HTTP
   */
  static WebSocketWatchOutput on(Channel channel, boolean protobuf) {
    WebSocketWatchOutput output = new WebSocketWatchOutput(channel, protobuf);
    channel
        .pipeline()
        .addLast(new WebSocket13FrameDecoder(true, false, MAX_FRAME))
        .addLast(new WebSocket13FrameEncoder(false))
        .addLast(output);
    channel.config().setAutoRead(true);
    return output;
  }

  @Override
  public void write(ByteBuf frame) {
    if (protobuf) {
      channel.write(new BinaryWebSocketFrame(frame.skipBytes(LENGTH_PREFIX)));
    } else {
      // Without the newline.
      channel.write(new TextWebSocketFrame(frame.writerIndex(frame.writerIndex() - 1)));
    }
  }

  @Override
  public boolean takesSeveral() {
    return false;
  }

  @Override
  public void flush() {
    channel.flush();
  }

  @Override
  public boolean writable() {
    return channel.isWritable();
  }

  @Override
  public void onWritable(Runnable listener) {
    writableListener = listener;
  }

  @Override
  public void onClose(Runnable listener) {
    channel.closeFuture().addListener(closed -> listener.run());
  }

  @Override
  public void end() {
    channel
        .writeAndFlush(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE))
        .addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    switch (message) {
      case PingWebSocketFrame ping -> context.writeAndFlush(new PongWebSocketFrame(ping.content()));
      case CloseWebSocketFrame close ->
          context.writeAndFlush(close).addListener(ChannelFutureListener.CLOSE);
      default -> ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (channel.isWritable()) {
      writableListener.run();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close();
  }
}
