package io.multicluster.server.transport;

import io.multicluster.wire.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A request on an HTTP/2 stream. Window accounting and framing are the codec's. */
final class Http2Exchange extends ServerExchange {
  private final Http2ServerConnection http;
  private final Http2Stream stream;

  Http2Exchange(
      ClientConnection connection,
      Http2ServerConnection http,
      Http2Stream stream,
      RequestHead request) {
    super(connection, request);
    this.http = http;
    this.stream = stream;
  }

  @Override
  public boolean http2() {
    return true;
  }

  @Override
  void sendHead(int code, Http2Headers headers) {
    if (headers.contains(HttpHeaderNames.CONNECTION)) {
      // Over HTTP/2 the wish to close the connection is a GOAWAY; the header itself is forbidden.
      headers.remove(HttpHeaderNames.CONNECTION);
      http.drain();
    }
    headers.status(HttpResponseStatus.valueOf(code).codeAsText());
    ChannelHandlerContext ctx = http.context();
    http.encoder()
        .writeHeaders(ctx, stream.id(), headers, 0, false, ctx.newPromise())
        .addListener(sent -> {
          if (!sent.isSuccess()) {
            reset();
          }
        });
  }

  @Override
  void sendData(ByteBuf bytes, ChannelPromise promise) {
    http.encoder().writeData(http.context(), stream.id(), bytes, 0, false, promise);
  }

  @Override
  void sendEnd(@Nullable Http2Headers trailers) {
    ChannelHandlerContext ctx = http.context();
    ChannelPromise sent = ctx.newPromise();
    if (trailers == null) {
      // The flow controller merges this into DATA that is still queued: no empty frame goes out.
      http.encoder().writeData(ctx, stream.id(), Unpooled.EMPTY_BUFFER, 0, true, sent);
    } else {
      http.encoder().writeHeaders(ctx, stream.id(), trailers, 0, true, sent);
    }
    if (!bodyEnded()) {
      // RFC 9113 8.1: a complete answer may end the request early.
      sent.addListener(_ -> {
        if (!bodyEnded()) {
          sendReset(Http2Error.NO_ERROR);
        }
      });
    }
  }

  @Override
  void sendReset() {
    sendReset(Http2Error.INTERNAL_ERROR);
  }

  private void sendReset(Http2Error why) {
    ChannelHandlerContext ctx = http.context();
    http.resetStream(ctx, stream.id(), why.code(), ctx.newPromise());
    flushes().soon();
  }

  @Override
  void sendContinue() {
    ChannelHandlerContext ctx = http.context();
    Http2Headers head = new DefaultHttp2Headers().status(HttpResponseStatus.CONTINUE.codeAsText());
    http.encoder().writeHeaders(ctx, stream.id(), head, 0, false, ctx.newPromise());
  }

  @Override
  void sendUpgrade(Http2Headers headers, Consumer<Channel> ready) {
    throw new IllegalStateException("HTTP/2 streams can't be upgraded");
  }

  @Override
  void credit(int bytes) {
    try {
      if (http.connection().local().flowController().consumeBytes(stream, bytes)) {
        flushes().soon();
      }
    } catch (Http2Exception unreadable) {
      http.onError(http.context(), true, unreadable);
    }
  }

  @Override
  FlushScheduler flushes() {
    return http.flushes();
  }
}
