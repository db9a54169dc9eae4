package io.multicluster.server.transport;

import io.multicluster.wire.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/** Turns the frames of one connection into exchanges. Confined to the connection's event loop. */
final class Http2Requests extends Http2EventAdapter {
  private final ClientConnection client;
  private final RequestHandler handler;
  private final Http2ServerConnection http;
  private final Http2Connection.PropertyKey exchangeKey;

  Http2Requests(ClientConnection client, RequestHandler handler, Http2ServerConnection http) {
    this.client = client;
    this.handler = handler;
    this.http = http;
    this.exchangeKey = http.connection().newKey();
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean endOfStream)
      throws Http2Exception {
    onHeadersRead(ctx, streamId, headers, padding, endOfStream);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean end)
      throws Http2Exception {
    Http2Stream stream = http.connection().stream(streamId);
    ServerExchange exchange = exchange(stream);
    if (exchange != null) {
      if (!end) {
        throw Http2Exception.streamError(
            streamId, Http2Error.PROTOCOL_ERROR, "trailers without END_STREAM");
      }
      exchange.bodyEndArrived(headers);
      return;
    }
    exchange = new Http2Exchange(client, http, stream, head(streamId, headers));
    stream.setProperty(exchangeKey, exchange);
    http.requestStarted();
    if (end) {
      exchange.bodyEndArrived(null);
    }
    handler.handle(exchange);
  }

  private static RequestHead head(int streamId, Http2Headers headers) throws Http2Exception {
    CharSequence method = headers.method();
    CharSequence path = headers.path();
    if (method == null || path == null || path.isEmpty() || path.charAt(0) != '/') {
      throw Http2Exception.streamError(
          streamId, Http2Error.PROTOCOL_ERROR, "a request needs :method and an absolute :path");
    }
    CharSequence authority = headers.authority();
    headers.remove(Http2Headers.PseudoHeaderName.METHOD.value());
    headers.remove(Http2Headers.PseudoHeaderName.PATH.value());
    headers.remove(Http2Headers.PseudoHeaderName.SCHEME.value());
    headers.remove(Http2Headers.PseudoHeaderName.AUTHORITY.value());
    headers.remove(Http2Headers.PseudoHeaderName.PROTOCOL.value());
    if (authority != null && !headers.contains(HttpHeaderNames.HOST)) {
      headers.set(HttpHeaderNames.HOST, authority);
    }
    return RequestTarget.head(method.toString(), path.toString(), headers);
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean end) {
    ServerExchange exchange = exchange(http.connection().stream(streamId));
    if (exchange == null) {
      return data.readableBytes() + padding;
    }
    if (data.isReadable()) {
      exchange.bodyArrived(data.retain());
    }
    if (end) {
      exchange.bodyEndArrived(null);
    }
    return padding;
  }

  @Override
  public void onPingAckRead(ChannelHandlerContext ctx, long data) {
    http.pingAnswered(data);
  }

  @Override
  public void onStreamClosed(Http2Stream stream) {
    ServerExchange exchange = exchange(stream);
    if (exchange != null) {
      exchange.over();
      http.requestEnded();
    }
  }

  private @Nullable ServerExchange exchange(@Nullable Http2Stream stream) {
    return stream == null ? null : stream.getProperty(exchangeKey);
  }
}
