package io.multicluster.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 connection to an upstream: one request at a time. Back-pressure is by not reading
 * while more than a window of the answer is unconsumed.
 */
final class Http1Link extends ChannelInboundHandlerAdapter implements Link {
  private static final int MAX_HEAD = 64 * 1024;

  private final Channel channel;
  private final Server server;
  private final UpstreamLimits limits;
  private final Owner owner;
  private @Nullable Stream current;
  private @Nullable ScheduledFuture<?> idleTimer;
  private boolean retired;
  private @Nullable Throwable brokenBy;

  /** Makes an HTTP/1.1 connection of a channel whose TLS handshake is done. */
  static Http1Link install(Channel channel, Server server, UpstreamLimits limits, Owner owner) {
    HttpDecoderConfig config =
        new HttpDecoderConfig().setMaxInitialLineLength(4096).setMaxHeaderSize(MAX_HEAD);
    Http1Link link = new Http1Link(channel, server, limits, owner);
    channel.pipeline().addLast(new HttpClientCodec(config, false, false), link);
    return link;
  }

  private Http1Link(Channel channel, Server server, UpstreamLimits limits, Owner owner) {
    this.channel = channel;
    this.server = server;
    this.limits = limits;
    this.owner = owner;
    idle();
  }

  @Override
  public Channel channel() {
    return channel;
  }

  @Override
  public Server server() {
    return server;
  }

  @Override
  public int underWay() {
    return current == null ? 0 : 1;
  }

  @Override
  public int capacity() {
    return hasRoom() ? 1 : 0;
  }

  @Override
  public boolean hasRoom() {
    return !retired && current == null;
  }

  private void idle() {
    idleTimer =
        channel
            .eventLoop()
            .schedule(this::retire, limits.idleTimeout().toNanos(), TimeUnit.NANOSECONDS);
  }

  private void notIdle() {
    if (idleTimer != null) {
      idleTimer.cancel(false);
      idleTimer = null;
    }
  }

  @Override
  public boolean isRetired() {
    return retired;
  }

  @Override
  public void start(Call call) {
    notIdle();
    OutgoingBody body = call.body();
    HttpRequest request =
        new DefaultHttpRequest(
            HttpVersion.HTTP_1_1,
            HttpMethod.valueOf(call.request().head().method()),
            server.path(call.request().head()));
    Http1Headers.copy(call.headers(), request.headers());
    request.headers().set(HttpHeaderNames.HOST, server.authority());
    if (body == null) {
      if (mayHaveBody(request.method())) {
        HttpUtil.setContentLength(request, 0);
      }
    } else if (body.length() >= 0) {
      HttpUtil.setContentLength(request, body.length());
    } else if (!request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
      request.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    }
    Stream stream = new Stream(call, channel.write(request));
    current = stream;
    if (body == null) {
      channel.write(LastHttpContent.EMPTY_LAST_CONTENT);
    }
    channel.flush();
    call.sent(stream);
  }

  private static boolean mayHaveBody(HttpMethod method) {
    return method.equals(HttpMethod.POST)
        || method.equals(HttpMethod.PUT)
        || method.equals(HttpMethod.PATCH);
  }

  @Override
  public void retire() {
    if (!retired) {
      retired = true;
      owner.retired(this);
    }
    if (current == null) {
      channel.close();
    }
  }

  @Override
  public void close() {
    retire();
    channel.close();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Stream stream = current;
    if (stream == null || !(message instanceof HttpObject object)) {
      // An answer that nobody has asked for.
      ReferenceCountUtil.release(message);
      channel.close();
      return;
    }
    if (object.decoderResult().isFailure()) {
      ReferenceCountUtil.release(message);
      exceptionCaught(ctx, object.decoderResult().cause());
      return;
    }
    if (object instanceof HttpResponse response) {
      stream.response(response);
    }
    if (object instanceof HttpContent content) {
      stream.content(content);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (current != null) {
      current.flush();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    notIdle();
    Stream stream = current;
    current = null;
    retire();
    if (stream != null) {
      stream.lost(brokenBy == null ? new ClosedChannelException() : brokenBy);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (brokenBy == null) {
      brokenBy = cause;
    }
    close();
  }

  private void done(Stream stream, boolean reusable) {
    if (current != stream) {
      return;
    }
    current = null;
    if (!channel.config().isAutoRead()) {
      channel.config().setAutoRead(true);
    }
    if (retired || !reusable) {
      retire();
    } else {
      idle();
      owner.hasRoom(this);
    }
  }

  /** The request that has the connection now. */
  private final class Stream implements LinkStream {
    private final ChannelFuture headSent;
    private final int window;
    private @Nullable Call call;
    private @Nullable HttpHeaders switching;
    private boolean informational;
    private boolean keepAlive;
    private boolean bodyEnded;
    private int unconsumed;

    Stream(Call call, ChannelFuture headSent) {
      this.call = call;
      this.headSent = headSent;
      window = Math.max(call.request().window(), limits.streamWindow());
      bodyEnded = call.body() == null;
    }

    void response(HttpResponse response) {
      int status = response.status().code();
      if (status == 101 && call != null && call.upgrade()) {
        switching = response.headers();
        return;
      }
      informational = status < 200;
      if (informational) {
        return;
      }
      keepAlive = HttpUtil.isKeepAlive(response);
      if (call != null) {
        call.head(status, Http1Headers.endToEnd(response.headers()));
      }
    }

    void content(HttpContent content) {
      if (switching != null) {
        content.release();
        switchProtocols(switching);
        return;
      }
      ByteBuf bytes = content.content();
      Call receiver = call;
      if (informational || receiver == null || !bytes.isReadable()) {
        bytes.release();
      } else {
        unconsumed += bytes.readableBytes();
        if (unconsumed >= window) {
          channel.config().setAutoRead(false);
        }
        receiver.data(bytes);
      }
      if (content instanceof LastHttpContent last && !informational) {
        receiver = call;
        call = null;
        if (receiver != null) {
          receiver.end(Http1Headers.trailers(last.trailingHeaders()));
        }
        done(this, keepAlive && bodyEnded);
      }
    }

    private void switchProtocols(HttpHeaders headers) {
      Call receiver = call;
      call = null;
      current = null;
      notIdle();
      channel.config().setAutoRead(false);
      if (receiver == null) {
        channel.close();
        return;
      }
      HttpClientCodec codec = channel.pipeline().get(HttpClientCodec.class);
      codec.removeOutboundHandler();
      receiver.upgraded(Http1Headers.all(headers), channel);
      channel.pipeline().remove(Http1Link.this);
      // Later: it is at work now, and passes on the bytes that it still has.
      channel.eventLoop().execute(() -> channel.pipeline().remove(codec));
    }

    void flush() {
      if (call != null) {
        call.flush();
      }
    }

    void lost(Throwable cause) {
      Call receiver = call;
      call = null;
      if (receiver != null) {
        receiver.lost(UpstreamErrors.reading(cause), !headSent.isSuccess(), cause);
      }
    }

    @Override
    public void write(ByteBuf bytes, boolean last, Runnable written) {
      if (call == null) {
        bytes.release();
        written.run();
        return;
      }
      bodyEnded = last;
      channel
          .writeAndFlush(last ? new DefaultLastHttpContent(bytes) : new DefaultHttpContent(bytes))
          .addListener(future -> written.run());
    }

    @Override
    public void end(@Nullable Http2Headers trailers) {
      if (call == null) {
        return;
      }
      bodyEnded = true;
      LastHttpContent last = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
      if (trailers != null) {
        Http1Headers.copy(trailers, last.trailingHeaders());
      }
      channel.writeAndFlush(last);
    }

    @Override
    public void consumed(int bytes) {
      unconsumed -= bytes;
      if (current == this && unconsumed <= window / 2 && !channel.config().isAutoRead()) {
        channel.config().setAutoRead(true);
      }
    }

    @Override
    public void cancel() {
      call = null;
      close();
    }
  }
}
