package io.multicluster.server.transport;

import io.multicluster.wire.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A request on an HTTP/1.1 connection. */
final class Http1Exchange extends ServerExchange {
  private final Http1ServerConnection http;
  private final HttpVersion version;
  private boolean keepAlive;
  private boolean continueSent;
  private boolean answerSent;

  Http1Exchange(
      ClientConnection connection,
      Http1ServerConnection http,
      RequestHead request,
      HttpVersion version,
      boolean keepAlive) {
    super(connection, request);
    this.http = http;
    this.version = version;
    this.keepAlive = keepAlive;
  }

  @Override
  public boolean http2() {
    return false;
  }

  boolean keepsAlive() {
    return keepAlive;
  }

  boolean answerSent() {
    return answerSent;
  }

  /** Whether the client announced that it sends the body only once it is told to go on. */
  boolean awaitsContinue() {
    return !continueSent && request().headers().contains("expect");
  }

  @Override
  void sendHead(int code, Http2Headers headers) {
    DefaultHttpResponse head =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code));
    HttpHeaders fields = head.headers();
    copy(headers, fields);
    if (!fields.contains(HttpHeaderNames.CONTENT_LENGTH) && !bodiless()) {
      if (version.equals(HttpVersion.HTTP_1_1)) {
        fields.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
      } else {
        keepAlive = false;
      }
    }
    if (http.closing()
        || fields.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true)) {
      keepAlive = false;
    }
    if (!keepAlive) {
      fields.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    } else if (!version.equals(HttpVersion.HTTP_1_1)) {
      fields.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
    }
    http.context().write(head);
  }

  @Override
  void sendData(ByteBuf bytes, ChannelPromise promise) {
    http.context().write(new DefaultHttpContent(bytes), promise);
  }

  @Override
  void sendEnd(@Nullable Http2Headers trailers) {
    LastHttpContent last = LastHttpContent.EMPTY_LAST_CONTENT;
    if (trailers != null) {
      last = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
      copy(trailers, last.trailingHeaders());
    }
    http.context()
        .write(last)
        .addListener(_ -> {
          answerSent = true;
          http.answered(this);
        });
  }

  @Override
  void sendReset() {
    http.abort();
  }

  @Override
  void sendContinue() {
    continueSent = true;
    http.context()
        .write(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
  }

  @Override
  void sendUpgrade(Http2Headers headers, Consumer<Channel> ready) {
    DefaultFullHttpResponse head =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS, Unpooled.EMPTY_BUFFER);
    copy(headers, head.headers());
    ChannelHandlerContext ctx = http.context();
    ctx.writeAndFlush(head)
        .addListener(sent -> {
          if (sent.isSuccess()) {
            http.upgraded(ready);
          }
        });
  }

  @Override
  void credit(int bytes) {
    http.bodyConsumed(bytes);
  }

  @Override
  FlushScheduler flushes() {
    return http.flushes();
  }

  private static void copy(Http2Headers from, HttpHeaders to) {
    for (Map.Entry<CharSequence, CharSequence> header : from) {
      if (!Http2Headers.PseudoHeaderName.hasPseudoHeaderFormat(header.getKey())) {
        to.add(header.getKey(), header.getValue());
      }
    }
  }
}
