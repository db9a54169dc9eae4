package io.multicluster.proxy;

import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionPrefaceAndSettingsFrameWrittenEvent;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/2 connection to an upstream, on Netty's frame layer: no child channel per stream.
 *
 * <p>Flow control: bytes of a response count against its stream's window until {@link
 * LinkStream#consumed}. The connection's window covers all streams together, so a reader that
 * stalls holds back its own stream and no other.
 */
final class Http2Link extends Http2EventAdapter implements Link, KeepAlive.Connection {
  private static final int MAX_HEADER_LIST = 64 * 1024;

  /** Smaller pieces are copied, so that a queued event does not keep a whole read buffer alive. */
  private static final int COPY_BELOW = 2048;

  private static final long PING = 0x6d756c7469636c75L;

  private final Server server;
  private final UpstreamLimits limits;
  private final Promise<Link> ready;
  private final Http2Connection connection;
  private final Http2ConnectionEncoder encoder;
  private final Http2Connection.PropertyKey streamKey;
  private final Owner owner;

  /** Streams told something since the last flush. */
  private final List<Stream> touched = new ArrayList<>();

  private final ChannelHandlerContext ctx;
  private final KeepAlive keepAlive;
  private boolean flushPending;
  private boolean retired;
  private int lastAccepted = Integer.MAX_VALUE;
  private @Nullable Throwable brokenBy;

  /**
   * Takes over a connection whose TLS handshake is done.
   *
   * @param ready told when the peer's settings have come, or that they will not
   */
  static void install(
      ChannelPipeline pipeline,
      Server server,
      UpstreamLimits limits,
      Owner owner,
      Promise<Link> ready) {
    Http2Connection connection = new DefaultHttp2Connection(false, 0);
    DefaultHttp2RemoteFlowController remote =
        new DefaultHttp2RemoteFlowController(
            connection, new UniformStreamByteDistributor(connection));
    connection.remote().flowController(remote);
    Http2ConnectionEncoder encoder =
        new DefaultHttp2ConnectionEncoder(
            connection, new DefaultHttp2FrameWriter(HeaderIndexing.NEVER_INDEXED));
    Http2ConnectionDecoder decoder =
        new DefaultHttp2ConnectionDecoder(
            connection,
            encoder,
            new DefaultHttp2FrameReader(new DefaultHttp2HeadersDecoder(true, MAX_HEADER_LIST)));
    Http2Settings settings =
        new Http2Settings()
            .pushEnabled(false)
            .initialWindowSize(limits.streamWindow())
            .maxHeaderListSize(MAX_HEADER_LIST);
    pipeline.addLast(
        new EmptyFlushFilter(),
        new Handler(decoder, encoder, settings, server, limits, owner, ready));
  }

  private Http2Link(
      Handler handler,
      ChannelHandlerContext ctx,
      Server server,
      UpstreamLimits limits,
      Owner owner,
      Promise<Link> ready) {
    this.ctx = ctx;
    this.server = server;
    this.limits = limits;
    this.owner = owner;
    this.ready = ready;
    encoder = handler.encoder();
    connection = handler.connection();
    streamKey = connection.newKey();
    connection.addListener(this);
    keepAlive = new KeepAlive(ctx.channel().eventLoop(), this, limits);
  }

  @Override
  public Channel channel() {
    return ctx.channel();
  }

  @Override
  public Server server() {
    return server;
  }

  @Override
  public int underWay() {
    return connection.local().numActiveStreams();
  }

  @Override
  public int capacity() {
    return retired
        ? 0
        : Math.min(limits.streamsPerConnection(), connection.local().maxActiveStreams())
            - underWay();
  }

  @Override
  public boolean hasRoom() {
    return capacity() > 0;
  }

  @Override
  public boolean isRetired() {
    return retired;
  }

  @Override
  public void start(Call call) {
    int id = connection.local().incrementAndGetNextStreamId();
    if (id < 0) {
      // Two thousand million requests: the stream numbers of this connection are used up.
      retire();
      call.lost("http2: no stream numbers left", true, null);
      return;
    }
    Http2Headers headers = call.headers();
    server.address(call.request().head(), headers);
    boolean bodyless = call.body() == null;
    ChannelFuture sent = encoder.writeHeaders(ctx, id, headers, 0, bodyless, ctx.newPromise());
    Http2Stream http2 = connection.stream(id);
    if (http2 == null) {
      Throwable cause = sent.cause();
      if (cause instanceof Http2Exception.HeaderListSizeException) {
        call.fail(ApiException.badRequest("the request's headers are too large"));
      } else {
        call.lost(
            cause == null ? "http2: stream refused" : UpstreamErrors.reading(cause), true, cause);
      }
      return;
    }
    Stream stream = new Stream(call, http2, sent);
    http2.setProperty(streamKey, stream);
    stream.widen(call.request().window());
    flushSoon();
    call.sent(stream);
  }

  /** After what the event loop has at hand: requests that come together leave together. */
  private void flushSoon() {
    if (!flushPending) {
      flushPending = true;
      ctx.executor()
          .execute(() -> {
            flushPending = false;
            ctx.channel().flush();
          });
    }
  }

  @Override
  public void retire() {
    if (!retired) {
      retired = true;
      owner.retired(this);
    }
    closeIfDone();
  }

  private void closeIfDone() {
    if (retired && connection.local().numActiveStreams() == 0) {
      ctx.channel().close();
    }
  }

  @Override
  public void close() {
    breakOff(new ClosedChannelException());
  }

  private void breakOff(Throwable cause) {
    if (brokenBy == null) {
      brokenBy = cause;
    }
    retire();
    ctx.channel().close();
  }

  // What KeepAlive asks for.

  @Override
  public void ping() {
    encoder.writePing(ctx, false, PING, ctx.newPromise());
    ctx.flush();
  }

  @Override
  public boolean unused() {
    return connection.local().numActiveStreams() == 0;
  }

  @Override
  public void closeUnused() {
    retire();
  }

  @Override
  public void lost() {
    breakOff(new IOException("http2: client connection lost"));
  }

  // What the peer sends.

  @Override
  public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings) {
    if (!ready.isDone()) {
      ready.trySuccess(this);
    } else {
      owner.hasRoom(this);
    }
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext context,
      int streamId,
      Http2Headers headers,
      int streamDependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean endOfStream) {
    Stream stream = stream(streamId);
    if (stream != null) {
      stream.headers(headers, endOfStream);
    }
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext context, int streamId, ByteBuf data, int padding, boolean endOfStream) {
    Stream stream = stream(streamId);
    if (stream == null) {
      return data.readableBytes() + padding;
    }
    stream.data(data, endOfStream);
    return padding;
  }

  @Override
  public void onRstStreamRead(ChannelHandlerContext context, int streamId, long errorCode) {
    Stream stream = stream(streamId);
    if (stream != null) {
      stream.resetBy(errorCode);
    }
  }

  @Override
  public void onGoAwayRead(
      ChannelHandlerContext context, int lastStreamId, long errorCode, ByteBuf debugData) {
    // Netty closes the streams above it next.
    lastAccepted = lastStreamId;
    retire();
  }

  @Override
  public void onStreamClosed(Http2Stream http2) {
    Stream stream = http2.getProperty(streamKey);
    if (stream != null) {
      stream.closed();
    }
    keepAlive.used();
    if (!retired) {
      owner.hasRoom(this);
    } else {
      closeIfDone();
    }
  }

  private @Nullable Stream stream(int id) {
    Http2Stream http2 = connection.stream(id);
    return http2 == null ? null : http2.getProperty(streamKey);
  }

  private void readComplete() {
    keepAlive.read();
    for (int i = 0; i < touched.size(); i++) {
      touched.get(i).flush();
    }
    touched.clear();
  }

  private void inactive() {
    keepAlive.stop();
    if (brokenBy == null) {
      brokenBy = new ClosedChannelException();
    }
    if (!retired) {
      retired = true;
      owner.retired(this);
    }
    ready.tryFailure(brokenBy);
  }

  /** An attempt on this connection. */
  private final class Stream implements LinkStream {
    private final Http2Stream http2;
    private final ChannelFuture headSent;
    private @Nullable Call call;
    private boolean touchedNow;
    private boolean headRead;
    private boolean bodyEnded;
    private long resetCode = -1;

    Stream(Call call, Http2Stream http2, ChannelFuture headSent) {
      this.call = call;
      this.http2 = http2;
      this.headSent = headSent;
      bodyEnded = call.body() == null;
    }

    void widen(int window) {
      if (window > limits.streamWindow()) {
        try {
          connection
              .local()
              .flowController()
              .incrementWindowSize(http2, window - limits.streamWindow());
        } catch (Http2Exception e) {
          throw new IllegalStateException(e);
        }
      }
    }

    void headers(Http2Headers headers, boolean end) {
      Call current = call;
      if (current == null) {
        return;
      }
      if (headRead) {
        ended(current, headers.isEmpty() ? null : headers);
        return;
      }
      CharSequence text = headers.status();
      int status = text == null ? 0 : Integer.parseInt(text, 0, text.length(), 10);
      if (status < 200) {
        return;
      }
      headRead = true;
      headers.remove(Http2Headers.PseudoHeaderName.STATUS.value());
      current.head(status, headers);
      if (end) {
        ended(current, null);
      } else {
        touch();
      }
    }

    void data(ByteBuf data, boolean end) {
      Call current = call;
      int length = data.readableBytes();
      if (current == null) {
        consumed(length);
        return;
      }
      if (length > 0) {
        touch();
        current.data(
            length < COPY_BELOW
                ? ctx.alloc().buffer(length, length).writeBytes(data)
                : data.retain());
      }
      if (end && call != null) {
        ended(current, null);
      }
    }

    private void ended(Call current, @Nullable Http2Headers trailers) {
      call = null;
      current.end(trailers);
      if (!bodyEnded) {
        // The server has answered without reading on: nobody needs the rest of the request.
        encoder.writeRstStream(ctx, http2.id(), Http2Error.CANCEL.code(), ctx.newPromise());
      }
    }

    private void touch() {
      if (!touchedNow) {
        touchedNow = true;
        touched.add(this);
      }
    }

    void flush() {
      touchedNow = false;
      if (call != null) {
        call.flush();
      }
    }

    void resetBy(long code) {
      resetCode = code;
    }

    void closed() {
      Call current = call;
      if (current == null) {
        return;
      }
      call = null;
      if (resetCode >= 0) {
        current.lost(
            UpstreamErrors.reset(http2.id(), resetCode),
            resetCode == Http2Error.REFUSED_STREAM.code(),
            null);
      } else if (http2.id() > lastAccepted) {
        current.lost("http2: server sent GOAWAY", true, null);
      } else {
        Throwable cause = brokenBy == null ? new ClosedChannelException() : brokenBy;
        // A head that never left as a whole can't be decrypted, so it can't have been acted on.
        current.lost(UpstreamErrors.reading(cause), !headSent.isSuccess(), cause);
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
      encoder
          .writeData(ctx, http2.id(), bytes, 0, last, ctx.newPromise())
          .addListener(future -> written.run());
      flushSoon();
    }

    @Override
    public void end(@Nullable Http2Headers trailers) {
      if (call == null) {
        return;
      }
      bodyEnded = true;
      if (trailers == null || trailers.isEmpty()) {
        encoder.writeData(ctx, http2.id(), Unpooled.EMPTY_BUFFER, 0, true, ctx.newPromise());
      } else {
        encoder.writeHeaders(ctx, http2.id(), trailers, 0, true, ctx.newPromise());
      }
      flushSoon();
    }

    @Override
    public void consumed(int bytes) {
      try {
        if (connection.local().flowController().consumeBytes(http2, bytes)) {
          flushSoon();
        }
      } catch (Http2Exception e) {
        throw new IllegalStateException("more bytes consumed than received", e);
      }
    }

    @Override
    public void cancel() {
      call = null;
      encoder.writeRstStream(ctx, http2.id(), Http2Error.CANCEL.code(), ctx.newPromise());
      flushSoon();
    }
  }

  private static final class Handler extends Http2ConnectionHandler {
    private final Server server;
    private final UpstreamLimits limits;
    private final Owner owner;
    private final Promise<Link> ready;
    private @Nullable Http2Link link;

    Handler(
        Http2ConnectionDecoder decoder,
        Http2ConnectionEncoder encoder,
        Http2Settings settings,
        Server server,
        UpstreamLimits limits,
        Owner owner,
        Promise<Link> ready) {
      super(decoder, encoder, settings);
      this.server = server;
      this.limits = limits;
      this.owner = owner;
      this.ready = ready;
      gracefulShutdownTimeoutMillis(0);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
      link = new Http2Link(this, ctx, server, limits, owner, ready);
      decoder().frameListener(link);
      super.handlerAdded(ctx);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
      if (event instanceof Http2ConnectionPrefaceAndSettingsFrameWrittenEvent) {
        Http2Connection connection = connection();
        connection
            .local()
            .flowController()
            .incrementWindowSize(
                connection.connectionStream(),
                limits.connectionWindow() - UpstreamLimits.HTTP2_INITIAL_WINDOW);
      }
      super.userEventTriggered(ctx, event);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
      if (link != null) {
        link.readComplete();
      }
      super.channelReadComplete(ctx);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
      if (link != null) {
        link.inactive();
      }
      super.channelInactive(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
      if (link == null || Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) {
        super.exceptionCaught(ctx, cause);
      } else {
        link.breakOff(cause);
      }
    }

    @Override
    protected void onConnectionError(
        ChannelHandlerContext ctx,
        boolean outbound,
        Throwable cause,
        @Nullable Http2Exception error) {
      if (link != null && link.brokenBy == null) {
        link.brokenBy = cause;
      }
      super.onConnectionError(ctx, outbound, cause, error);
    }
  }
}
