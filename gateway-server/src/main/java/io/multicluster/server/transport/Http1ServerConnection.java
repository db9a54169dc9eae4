package io.multicluster.server.transport;

import io.multicluster.wire.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 connection of a client: one request at a time. What a pipelining client sends ahead
 * waits, undecoded in the socket but for the one read that brought it, until the answer before it
 * is out. A connection whose request asks for an upgrade stops parsing HTTP at once, so that bytes
 * which already belong to the other protocol are kept for it.
 *
 * <p>Confined to its event loop, apart from {@link ServerConnection}.
 */
final class Http1ServerConnection extends ChannelInboundHandlerAdapter implements ServerConnection {
  /** As for an HTTP/2 stream: request body bytes under way before reading stops. */
  private static final int BODY_WINDOW = 256 * 1024;

  private final ClientConnection client;
  private final TransportLimits limits;
  private final RequestHandler handler;
  private final HttpServerCodec codec;
  private final FlushScheduler flushes;
  private final Queue<Object> ahead = new ArrayDeque<>(0);
  private @Nullable ChannelHandlerContext context;
  private @Nullable ScheduledFuture<?> watch;
  private @Nullable Http1Exchange current;
  private boolean requestComplete;
  private boolean working;
  private int bodyUnderWay;
  private int discarded;
  private boolean closing;
  private boolean requested;
  private long idleSince = System.nanoTime();

  private Http1ServerConnection(
      ClientConnection client,
      TransportLimits limits,
      RequestHandler handler,
      HttpServerCodec codec) {
    this.client = client;
    this.limits = limits;
    this.handler = handler;
    this.codec = codec;
    this.flushes = new FlushScheduler(client.loop(), () -> context().flush());
  }

  /** Puts codec and connection at the end of the channel's pipeline. */
  static Http1ServerConnection install(
      ClientConnection client, TransportLimits limits, RequestHandler handler) {
    HttpServerCodec codec =
        new HttpServerCodec(
            new HttpDecoderConfig()
                .setMaxInitialLineLength(limits.maxHeaderBytes())
                .setMaxHeaderSize(limits.maxHeaderBytes())
                .setMaxChunkSize(16 * 1024));
    Http1ServerConnection connection = new Http1ServerConnection(client, limits, handler, codec);
    client.channel().pipeline().addLast(codec, connection);
    return connection;
  }

  ChannelHandlerContext context() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("not in a pipeline yet");
    }
    return ctx;
  }

  FlushScheduler flushes() {
    return flushes;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    long every = limits.lookEveryMillis();
    watch = client.loop().scheduleAtFixedRate(this::look, every, every, TimeUnit.MILLISECONDS);
  }

  private void look() {
    if (current == null) {
      long limit = (requested ? limits.idleTimeout() : limits.firstRequestTimeout()).toNanos();
      if (System.nanoTime() - idleSince > limit) {
        drain();
      }
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    flushes.readStarted();
    if (working || (current != null && requestComplete)) {
      ahead.add(message);
      ctx.channel().config().setAutoRead(false);
      return;
    }
    read(message);
    work();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    flushes.readCompleted();
    ctx.flush();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    if (watch != null) {
      watch.cancel(false);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }

  private void end() {
    if (watch != null) {
      watch.cancel(false);
    }
    for (Object message = ahead.poll(); message != null; message = ahead.poll()) {
      ReferenceCountUtil.release(message);
    }
    if (current != null) {
      Http1Exchange exchange = current;
      current = null;
      exchange.over();
    }
  }

  /** Takes what waited, as far as the exchange under way lets it. */
  private void work() {
    working = true;
    while (!ahead.isEmpty() && !(current != null && requestComplete)) {
      read(ahead.remove());
    }
    working = false;
    if (ahead.isEmpty() && bodyUnderWay < BODY_WINDOW && !closing) {
      client.channel().config().setAutoRead(true);
    }
  }

  private void read(Object message) {
    if (closing && current == null) {
      ReferenceCountUtil.release(message);
    } else if (message instanceof HttpRequest request) {
      start(request);
    } else if (message instanceof HttpContent content) {
      body(content);
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  private void start(HttpRequest message) {
    requested = true;
    if (message.decoderResult().isFailure()) {
      refuse(malformed(message.decoderResult()));
      return;
    }
    HttpHeaders received = message.headers();
    String target = pathOf(message.uri());
    if (target == null
        || (message.protocolVersion().equals(HttpVersion.HTTP_1_1)
            && received.getAll(HttpHeaderNames.HOST).size() != 1)) {
      refuse(HttpResponseStatus.BAD_REQUEST);
      return;
    }
    boolean bodyFollows =
        HttpUtil.isTransferEncodingChunked(message) || HttpUtil.getContentLength(message, 0L) > 0;
    boolean upgrade = !bodyFollows && asksUpgrade(received);
    RequestHead head =
        RequestTarget.head(message.method().name(), target, headers(received, upgrade));
    Http1Exchange exchange =
        new Http1Exchange(
            client,
            this,
            head,
            message.protocolVersion(),
            HttpUtil.isKeepAlive(message) && !upgrade);
    current = exchange;
    requestComplete = !bodyFollows;
    if (upgrade) {
      // From here on bytes may be of another protocol. Removing the decoder makes it pass on what
      // it
      // has not read; that comes here as plain bytes and waits in `ahead`.
      client.channel().config().setAutoRead(false);
      codec.removeInboundHandler();
    }
    if (requestComplete) {
      exchange.bodyEndArrived(null);
    }
    handler.handle(exchange);
  }

  private void body(HttpContent content) {
    Http1Exchange exchange = current;
    if (exchange == null || requestComplete) {
      // The empty end of a request without a body, which was complete with its head.
      content.release();
      return;
    }
    if (content.decoderResult().isFailure()) {
      content.release();
      context().close();
      return;
    }
    int bytes = content.content().readableBytes();
    if (bytes > 0) {
      bodyUnderWay += bytes;
      if (bodyUnderWay >= BODY_WINDOW) {
        client.channel().config().setAutoRead(false);
      }
      exchange.bodyArrived(content.content().retain());
      if (exchange.answerSent()) {
        // The answer did not wait for the body. A short rest is read so that the connection lives
        // on; a long one is not worth it.
        discarded += bytes;
        if (discarded > BODY_WINDOW) {
          content.release();
          context().close();
          return;
        }
      }
    }
    if (content instanceof LastHttpContent last) {
      requestComplete = true;
      exchange.bodyEndArrived(
          last.trailingHeaders().isEmpty() ? null : headers(last.trailingHeaders(), false));
      nextIfDone();
    }
    content.release();
  }

  void bodyConsumed(int bytes) {
    bodyUnderWay -= bytes;
    if (bodyUnderWay < BODY_WINDOW / 2 && ahead.isEmpty() && !closing) {
      client.channel().config().setAutoRead(true);
    }
  }

  /** The end of an answer is on the wire. */
  void answered(Http1Exchange exchange) {
    if (exchange != current) {
      return;
    }
    if (!exchange.keepsAlive() || closing || (!requestComplete && exchange.awaitsContinue())) {
      // Without its 100 a client may or may not send the body: nobody can tell what comes next.
      abort();
    } else {
      nextIfDone();
    }
  }

  private void nextIfDone() {
    Http1Exchange exchange = current;
    if (exchange == null || !requestComplete || !exchange.answerSent()) {
      return;
    }
    current = null;
    bodyUnderWay = 0;
    discarded = 0;
    idleSince = System.nanoTime();
    exchange.over();
    if (!working) {
      work();
    }
  }

  void abort() {
    closing = true;
    context().close();
  }

  boolean closing() {
    return closing;
  }

  /**
   * Hands the channel over. The caller's handlers come last in the pipeline; removing this handler
   * then passes them what arrived early.
   */
  void upgraded(Consumer<Channel> ready) {
    Channel channel = client.channel();
    Http1Exchange exchange = current;
    current = null;
    closing = true;
    channel.pipeline().remove(codec);
    ready.accept(channel);
    for (Object message = ahead.poll(); message != null; message = ahead.poll()) {
      if (message instanceof ByteBuf) {
        context().fireChannelRead(message);
      } else {
        ReferenceCountUtil.release(message);
      }
    }
    context().fireChannelReadComplete();
    channel.pipeline().remove(this);
    if (exchange != null) {
      channel.closeFuture().addListener(_ -> exchange.over());
    }
  }

  @Override
  public void drain() {
    if (!client.loop().inEventLoop()) {
      client.loop().execute(this::drain);
      return;
    }
    closing = true;
    if (current == null && context().channel().isActive() && !context().isRemoved()) {
      context().close();
    }
  }

  @Override
  public void closeNow() {
    client.channel().close();
  }

  private void refuse(HttpResponseStatus status) {
    closing = true;
    requestComplete = true;
    DefaultFullHttpResponse answer =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            status,
            Unpooled.copiedBuffer(status.toString(), StandardCharsets.US_ASCII));
    answer
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
        .set(HttpHeaderNames.CONTENT_LENGTH, answer.content().readableBytes())
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    context().writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE);
  }

  private static HttpResponseStatus malformed(DecoderResult result) {
    return result.cause() instanceof TooLongFrameException
        ? HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        : HttpResponseStatus.BAD_REQUEST;
  }

  /** Path and query of a request target in origin or absolute form; null for others. */
  private static @Nullable String pathOf(String target) {
    if (target.startsWith("/")) {
      return target;
    }
    int scheme = target.indexOf("://");
    if (scheme < 0) {
      return null;
    }
    int slash = target.indexOf('/', scheme + 3);
    return slash < 0 ? "/" : target.substring(slash);
  }

  private static boolean asksUpgrade(HttpHeaders headers) {
    return headers.contains(HttpHeaderNames.UPGRADE)
        && headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true);
  }

  /** Framing headers end here. Those that ask for an upgrade stay: who serves it needs them. */
  private static Http2Headers headers(HttpHeaders received, boolean upgrade) {
    Http2Headers headers = new DefaultHttp2Headers(false, received.size());
    for (Map.Entry<CharSequence, CharSequence> header :
        (Iterable<Map.Entry<CharSequence, CharSequence>>) received::iteratorCharSequence) {
      headers.add(AsciiString.of(header.getKey()).toLowerCase(), header.getValue());
    }
    headers.remove(HttpHeaderNames.TRANSFER_ENCODING);
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
    if (!upgrade) {
      headers.remove(HttpHeaderNames.CONNECTION);
      headers.remove(HttpHeaderNames.UPGRADE);
    }
    return headers;
  }
}
