package io.multicluster.testclusters.simulated;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import java.io.IOException;
import java.io.InterruptedIOException;

/** A watch over a WebSocket: one message an event. */
final class WebSocketEvents implements EventStream {
  /** Protobuf frames carry their length in front, which messages do not need. */
  private static final int LENGTH_PREFIX = 4;

  private final Channel channel;
  private final boolean binary;

  private WebSocketEvents(Channel channel, boolean binary) {
    this.channel = channel;
    this.binary = binary;
  }

  static boolean asked(ServerRequest request) {
    return request.header("upgrade").equalsIgnoreCase("websocket");
  }

  /** Answers the handshake. */
  static WebSocketEvents open(Channel channel, ServerRequest request, boolean binary)
      throws IOException {
    HttpHeaders headers = request.headers();
    WebSocketServerHandshaker handshaker =
        new WebSocketServerHandshakerFactory(request.path(), null, false)
            .newHandshaker(
                new DefaultFullHttpRequest(
                    HttpVersion.HTTP_1_1,
                    HttpMethod.GET,
                    request.path(),
                    Unpooled.EMPTY_BUFFER,
                    headers,
                    headers));
    if (handshaker == null) {
      throw new IOException("a WebSocket version that nobody speaks");
    }
    channel.pipeline().addLast(new Incoming());
    boolean done =
        handshaker
            .handshake(
                channel,
                new DefaultFullHttpRequest(
                    HttpVersion.HTTP_1_1,
                    HttpMethod.GET,
                    request.path(),
                    Unpooled.EMPTY_BUFFER,
                    headers,
                    headers))
            .awaitUninterruptibly()
            .isSuccess();
    if (!done) {
      throw new IOException("the WebSocket handshake failed");
    }
    return new WebSocketEvents(channel, binary);
  }

  @Override
  public void write(byte[] frame) throws IOException {
    try {
      channel.attr(Writability.KEY).get().await(channel);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
    if (!channel.isActive()) {
      throw new IOException("the client is gone");
    }
    ByteBuf content =
        binary
            ? Unpooled.wrappedBuffer(frame, LENGTH_PREFIX, frame.length - LENGTH_PREFIX)
            : Unpooled.wrappedBuffer(frame);
    WebSocketFrame message =
        binary ? new BinaryWebSocketFrame(content) : new TextWebSocketFrame(content);
    var _ = channel.writeAndFlush(message);
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    var _ =
        channel
            .writeAndFlush(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE))
            .addListener(ChannelFutureListener.CLOSE);
  }

  /** What the client sends meanwhile. */
  private static final class Incoming extends SimpleChannelInboundHandler<WebSocketFrame> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
      if (frame instanceof PingWebSocketFrame) {
        var _ = context.writeAndFlush(new PongWebSocketFrame(frame.content().retain()));
      } else if (frame instanceof CloseWebSocketFrame) {
        var _ =
            context
                .writeAndFlush(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE))
                .addListener(ChannelFutureListener.CLOSE);
      }
    }
  }
}
