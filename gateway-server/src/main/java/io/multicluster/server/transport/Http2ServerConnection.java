package io.multicluster.server.transport;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP/2 connection of a client: Netty's codec, the limits given to it, keep-alive and the
 * graceful end. No channel is made per stream; {@link Http2Requests} listens to the frames.
 *
 * <p>Confined to its event loop, apart from {@link ServerConnection}.
 */
final class Http2ServerConnection extends Http2ConnectionHandler implements ServerConnection {
  private static final Logger LOG = LoggerFactory.getLogger(Http2ServerConnection.class);

  /** What one request body may have under way, and all of a connection together. */
  private static final int STREAM_WINDOW = 256 * 1024;

  private static final int CONNECTION_WINDOW = 4 * 1024 * 1024;

  /** A client that says nothing for so long, with requests open, is asked whether it lives. */
  private static final long PING_AFTER_NANOS = TimeUnit.SECONDS.toNanos(30);

  private static final long PING_ANSWER_NANOS = TimeUnit.SECONDS.toNanos(15);

  /** A head in many small pieces costs much to join (CVE-2024-28182 and others). */
  private static final int SMALL_CONTINUATIONS = 16;

  /**
   * How long a connection stays after its last GOAWAY and answer, as with Go's server: a client
   * that sees the end of the connection at once may give up an answer that it has but did not read
   * yet.
   */
  private static final long LINGER_MILLIS = 1000;

  private static final long KEEP_ALIVE_PING = 1;
  private static final long DRAIN_PING = 2;

  private final TransportLimits limits;
  private final EventLoop loop;
  private final FlushScheduler flushes;
  private @Nullable ChannelHandlerContext context;
  private @Nullable ScheduledFuture<?> watch;
  private final long opened = System.nanoTime();
  private long lastRead = opened;
  private long idleSince = opened;
  private boolean requested;
  private long pingSent;
  private boolean pingOpen;
  private boolean draining;
  private boolean refusing;

  private Http2ServerConnection(
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings,
      TransportLimits limits,
      EventLoop loop) {
    super(decoder, encoder, settings);
    this.limits = limits;
    this.loop = loop;
    this.flushes = new FlushScheduler(loop, () -> flush(context()));
  }

  static Http2ServerConnection create(
      ClientConnection client, TransportLimits limits, RequestHandler handler) {
    Http2Connection connection = new DefaultHttp2Connection(true);
    // At once, not only when the client acknowledges our settings, which it may never do.
    connection.remote().maxActiveStreams(limits.maxStreams());
    // Weights of streams are gone from HTTP/2 (RFC 9113 5.3); everybody gets the same share.
    connection
        .remote()
        .flowController(
            new DefaultHttp2RemoteFlowController(
                connection, new UniformStreamByteDistributor(connection)));
    Http2ConnectionEncoder encoder =
        new ResetRateLimit(
            new ControlFrameQueueLimit(
                new DefaultHttp2ConnectionEncoder(connection, new RecordSizedFrameWriter())),
            System::nanoTime);
    Http2ConnectionDecoder decoder =
        new DefaultHttp2ConnectionDecoder(
            connection,
            encoder,
            new DefaultHttp2FrameReader(
                new DefaultHttp2HeadersDecoder(true, limits.maxHeaderBytes()),
                SMALL_CONTINUATIONS));
    Http2Settings settings =
        new Http2Settings()
            .maxConcurrentStreams(limits.maxStreams())
            .initialWindowSize(STREAM_WINDOW)
            .maxHeaderListSize(limits.maxHeaderBytes());
    Http2ServerConnection server =
        new Http2ServerConnection(decoder, encoder, settings, limits, client.loop());
    Http2Requests requests = new Http2Requests(client, handler, server);
    decoder.frameListener(
        new ControlFrameRateLimit(new EmptyDataFrameLimit(requests), System::nanoTime));
    connection.addListener(requests);
    return server;
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
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    context = ctx;
    super.handlerAdded(ctx);
    Http2LocalFlowController window = connection().local().flowController();
    window.incrementWindowSize(
        connection().connectionStream(),
        CONNECTION_WINDOW - window.windowSize(connection().connectionStream()));
    ctx.flush();
    long every = limits.lookEveryMillis();
    watch = loop.scheduleAtFixedRate(this::look, every, every, TimeUnit.MILLISECONDS);
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) throws Exception {
    if (watch != null) {
      watch.cancel(false);
    }
    super.handlerRemoved0(ctx);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
    lastRead = System.nanoTime();
    flushes.readStarted();
    super.channelRead(ctx, message);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
    flushes.readCompleted();
    super.channelReadComplete(ctx);
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext ctx,
      boolean outbound,
      Throwable cause,
      @Nullable Http2Exception protocolError) {
    LOG.debug("Connection of {} ends: {}", ctx.channel().remoteAddress(), cause.toString());
    super.onConnectionError(ctx, outbound, cause, protocolError);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
    if (cause instanceof IOException) {
      // A client that is gone; the channel closes by itself.
      LOG.debug("Connection of {} ends: {}", ctx.channel().remoteAddress(), cause.toString());
    } else {
      super.exceptionCaught(ctx, cause);
    }
  }

  void requestStarted() {
    requested = true;
  }

  void requestEnded() {
    idleSince = System.nanoTime();
    if (refusing) {
      closeSoonIfIdle();
    }
  }

  void pingAnswered(long data) {
    if (data == KEEP_ALIVE_PING) {
      pingOpen = false;
    } else if (data == DRAIN_PING) {
      refuseNewStreams();
    }
  }

  /** Looks after a connection that is silent, idle or dead. */
  private void look() {
    long now = System.nanoTime();
    if (!requested) {
      if (now - opened > limits.firstRequestTimeout().toNanos()) {
        drain();
      }
    } else if (connection().numActiveStreams() == 0) {
      if (now - idleSince > limits.idleTimeout().toNanos()) {
        drain();
      }
    } else if (pingOpen) {
      if (now - pingSent > PING_ANSWER_NANOS) {
        LOG.debug("Client {} answers no ping", context().channel().remoteAddress());
        context().close();
      }
    } else if (now - lastRead > PING_AFTER_NANOS) {
      pingOpen = true;
      pingSent = now;
      ping(KEEP_ALIVE_PING);
    }
  }

  private void ping(long data) {
    encoder().writePing(context(), false, data, context().newPromise());
    flush(context());
  }

  /**
   * Two steps, so that no request is lost: a GOAWAY that still admits every stream tells the client
   * to stop, and once it has certainly seen that (a PING came back), the final GOAWAY names the
   * last stream that was taken.
   */
  @Override
  public void drain() {
    if (!loop.inEventLoop()) {
      loop.execute(this::drain);
      return;
    }
    if (draining || context == null || !context.channel().isActive()) {
      return;
    }
    draining = true;
    goAway(
        context,
        Integer.MAX_VALUE,
        Http2Error.NO_ERROR.code(),
        Unpooled.EMPTY_BUFFER,
        context.newPromise());
    ping(DRAIN_PING);
    loop.schedule(this::refuseNewStreams, 1, TimeUnit.SECONDS);
  }

  private void refuseNewStreams() {
    ChannelHandlerContext ctx = context();
    if (refusing || !ctx.channel().isActive()) {
      return;
    }
    refusing = true;
    goAway(
        ctx,
        connection().remote().lastStreamCreated(),
        Http2Error.NO_ERROR.code(),
        Unpooled.EMPTY_BUFFER,
        ctx.newPromise());
    flush(ctx);
    closeSoonIfIdle();
  }

  private void closeSoonIfIdle() {
    if (connection().numActiveStreams() == 0) {
      loop.schedule(() -> context().close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void closeNow() {
    loop.execute(() -> context().close());
  }
}
