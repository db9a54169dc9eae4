package io.multicluster.proxy;

import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/2 connection to an upstream (RFC 9113). Frames are parsed by Netty; streams and windows
 * are kept here, with what a client needs and no more: a stream is one object, and a request
 * without a body takes one frame.
 *
 * <p>Flow control: bytes of a response count against its stream's window until {@link
 * LinkStream#consumed}. The connection's window covers all streams together, so a reader that
 * stalls holds back its own stream and no other.
 */
final class Http2Link extends Http2FrameAdapter implements Link, KeepAlive.Connection {
  static final int MAX_HEADER_LIST = 64 * 1024;

  /** Smaller pieces are copied, so that a queued event does not keep a whole read buffer alive. */
  private static final int COPY_BELOW = 2048;

  /** Answers to a peer that asks and asks and does not read; as many as Netty's server queues. */
  private static final int MOST_UNREAD_ACKS = 10_000;

  private static final long PING = 0x6d756c7469636c75L;

  private final Server server;
  private final UpstreamLimits limits;
  private final Promise<Link> ready;
  private final Owner owner;
  private final ChannelHandlerContext ctx;
  private final FrameWriter frames;
  private final BodySender bodies;
  private final KeepAlive keepAlive;
  private final ReceiveWindow window;
  private final IntObjectHashMap<Stream> streams = new IntObjectHashMap<>();

  /** Streams told something since the last flush. */
  private final List<Stream> touched = new ArrayList<>();

  private final Runnable flushNow = this::flushNow;
  private boolean flushPending;
  private boolean reading;
  private boolean retired;
  private boolean ending;
  private int nextId = 1;
  private int maxStreams = Integer.MAX_VALUE;
  private int unreadAcks;
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
    pipeline.addLast(new Http2LinkHandler(server, limits, owner, ready));
  }

  Http2Link(
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
    frames = new FrameWriter(ctx);
    bodies = new BodySender(ctx, frames);
    window = new ReceiveWindow(limits.connectionWindow());
    keepAlive = new KeepAlive(ctx.channel().eventLoop(), this, limits);
  }

  void begin() {
    frames.preface(
        new Http2Settings()
            .pushEnabled(false)
            .initialWindowSize(limits.streamWindow())
            .maxHeaderListSize(MAX_HEADER_LIST));
    frames.windowUpdate(0, limits.connectionWindow() - UpstreamLimits.HTTP2_INITIAL_WINDOW);
    ctx.flush();
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
    return streams.size();
  }

  @Override
  public int capacity() {
    return retired ? 0 : Math.min(limits.streamsPerConnection(), maxStreams) - underWay();
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
    int id = nextId;
    if (id < 0) {
      // A thousand million requests: the stream numbers of this connection are used up.
      retire();
      call.lost("http2: no stream numbers left", true, null);
      return;
    }
    Http2Headers headers = call.headers();
    server.address(call.request().head(), headers);
    boolean bodyless = call.body() == null;
    ChannelFuture sent;
    try {
      sent = frames.headers(id, headers, bodyless);
    } catch (Http2Exception.HeaderListSizeException tooLarge) {
      call.fail(ApiException.badRequest("the request's headers are too large"));
      return;
    } catch (Http2Exception broken) {
      // What the peer knows of earlier heads may differ from what we think it knows.
      failed(broken);
      call.lost(UpstreamErrors.reading(broken), true, broken);
      return;
    }
    nextId += 2;
    int streamWindow = Math.max(call.request().window(), limits.streamWindow());
    Stream stream = new Stream(id, call, sent, streamWindow, bodyless ? null : bodies.body(id));
    streams.put(id, stream);
    if (streamWindow > limits.streamWindow()) {
      frames.windowUpdate(id, streamWindow - limits.streamWindow());
    }
    flushSoon();
    call.sent(stream);
  }

  /** After what the event loop has at hand: requests that come together leave together. */
  private void flushSoon() {
    if (!flushPending) {
      flushPending = true;
      if (!reading) {
        ctx.executor().execute(flushNow);
      }
    }
  }

  private void flushNow() {
    if (flushPending) {
      flushPending = false;
      bodies.send();
      ctx.flush();
    }
  }

  /** A flush of nothing costs a call into TLS. */
  private void flushBodiesSoon() {
    if (bodies.waits()) {
      flushSoon();
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
    if (retired && streams.isEmpty()) {
      end(Http2Error.NO_ERROR, "");
    }
  }

  private void end(Http2Error why, String text) {
    if (!ending && ctx.channel().isActive()) {
      ending = true;
      frames.goAway(why.code(), text);
      ctx.flush();
      ctx.close();
    }
  }

  @Override
  public void close() {
    breakOff(new ClosedChannelException());
  }

  void breakOff(Throwable cause) {
    if (brokenBy == null) {
      brokenBy = cause;
    }
    retire();
    ctx.close();
  }

  // What KeepAlive asks for.

  @Override
  public void ping() {
    frames.ping(false, PING);
    ctx.flush();
  }

  @Override
  public boolean unused() {
    return streams.isEmpty();
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
  public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings)
      throws Http2Exception {
    if (Boolean.TRUE.equals(settings.pushEnabled())) {
      throw Http2Exception.connectionError(Http2Error.PROTOCOL_ERROR, "a server can't enable push");
    }
    frames.configure(settings);
    Long most = settings.maxConcurrentStreams();
    if (most != null) {
      maxStreams = (int) Math.min(most, Integer.MAX_VALUE);
    }
    acknowledge();
    frames.settingsAck();
    Integer initial = settings.initialWindowSize();
    if (initial != null) {
      widenAll(bodies.initialWindow(initial));
    }
    if (!ready.isDone()) {
      ready.trySuccess(this);
    } else if (!retired) {
      owner.hasRoom(this);
    }
  }

  private void widenAll(int change) throws Http2Exception {
    for (Stream stream : streams.values()) {
      try {
        stream.widen(change);
      } catch (Http2Exception overflow) {
        // RFC 9113, 6.9.2: an error of the connection, unlike a WINDOW_UPDATE's.
        throw Http2Exception.connectionError(
            overflow.error(), overflow, "SETTINGS_INITIAL_WINDOW_SIZE: %s", overflow.getMessage());
      }
    }
  }

  @Override
  public void onPingRead(ChannelHandlerContext context, long data) throws Http2Exception {
    acknowledge();
    frames.ping(true, data);
  }

  private void acknowledge() throws Http2Exception {
    if (!ctx.channel().isWritable() && ++unreadAcks > MOST_UNREAD_ACKS) {
      throw Http2Exception.connectionError(
          Http2Error.ENHANCE_YOUR_CALM, "the peer asks for acknowledgements and doesn't read them");
    }
    flushSoon();
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
      boolean endOfStream)
      throws Http2Exception {
    onHeadersRead(context, streamId, headers, padding, endOfStream);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext context,
      int streamId,
      Http2Headers headers,
      int padding,
      boolean endOfStream)
      throws Http2Exception {
    Stream stream = stream(streamId);
    if (stream != null) {
      stream.headers(headers, endOfStream);
    }
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext context, int streamId, ByteBuf data, int padding, boolean endOfStream)
      throws Http2Exception {
    int counted = data.readableBytes() + padding;
    if (!window.received(counted)) {
      throw Http2Exception.connectionError(
          Http2Error.FLOW_CONTROL_ERROR, "more was sent than the connection's window allows");
    }
    Stream stream = stream(streamId);
    if (stream == null) {
      consumed(counted);
    } else {
      stream.data(data, padding, endOfStream);
    }
    return 0;
  }

  @Override
  public void onRstStreamRead(ChannelHandlerContext context, int streamId, long errorCode)
      throws Http2Exception {
    Stream stream = stream(streamId);
    if (stream != null) {
      stream.lost(
          UpstreamErrors.reset(streamId, errorCode),
          errorCode == Http2Error.REFUSED_STREAM.code(),
          null);
    }
  }

  @Override
  public void onWindowUpdateRead(ChannelHandlerContext context, int streamId, int bytes)
      throws Http2Exception {
    if (streamId == 0) {
      bodies.widen(bytes);
      flushBodiesSoon();
      return;
    }
    Stream stream = stream(streamId);
    if (stream != null) {
      stream.widen(bytes);
    }
  }

  @Override
  public void onGoAwayRead(
      ChannelHandlerContext context, int lastStreamId, long errorCode, ByteBuf debugData) {
    // First, so that what is repeated now goes to another connection.
    retire();
    for (Stream stream : underWayNow()) {
      if (stream.id > lastStreamId) {
        stream.lost("http2: server sent GOAWAY", true, null);
      }
    }
  }

  @Override
  public void onPushPromiseRead(
      ChannelHandlerContext context,
      int streamId,
      int promisedStreamId,
      Http2Headers headers,
      int padding)
      throws Http2Exception {
    throw Http2Exception.connectionError(Http2Error.PROTOCOL_ERROR, "push is not enabled");
  }

  /**
   * Returns null if the stream is over: what the peer still had on the way is of no interest.
   *
   * @throws Http2Exception if it has never been
   */
  private @Nullable Stream stream(int id) throws Http2Exception {
    Stream stream = streams.get(id);
    if (stream == null && ((id & 1) == 0 || Integer.compareUnsigned(id, nextId) >= 0)) {
      throw Http2Exception.connectionError(
          Http2Error.PROTOCOL_ERROR, "stream %d was not opened", id);
    }
    return stream;
  }

  /** What is done with one may end others. */
  private List<Stream> underWayNow() {
    return List.copyOf(streams.values());
  }

  private void consumed(int bytes) {
    int told = window.consumed(bytes);
    if (told > 0) {
      frames.windowUpdate(0, told);
      flushSoon();
    }
  }

  void failed(Http2Exception error) {
    if (error instanceof Http2Exception.StreamException of) {
      Stream stream = streams.get(of.streamId());
      if (stream != null) {
        frames.reset(of.streamId(), error.error().code());
        flushSoon();
        stream.lost("http2: " + error.getMessage(), false, error);
      }
      return;
    }
    if (brokenBy == null) {
      brokenBy = error;
    }
    end(error.error(), String.valueOf(error.getMessage()));
    // It closes when its last bytes have left; nothing may be sent on it until then.
    retire();
  }

  boolean isBroken() {
    return brokenBy != null;
  }

  void readStarted() {
    reading = true;
  }

  void readComplete() {
    reading = false;
    keepAlive.read();
    for (int i = 0; i < touched.size(); i++) {
      touched.get(i).flush();
    }
    touched.clear();
    flushNow();
  }

  void writable() {
    unreadAcks = 0;
    flushBodiesSoon();
  }

  void inactive() {
    keepAlive.stop();
    Throwable cause = brokenBy == null ? new ClosedChannelException() : brokenBy;
    brokenBy = cause;
    if (!retired) {
      retired = true;
      owner.retired(this);
    }
    for (Stream stream : underWayNow()) {
      // A head that never left as a whole can't be decrypted, so it can't have been acted on.
      stream.lost(UpstreamErrors.reading(cause), !stream.headSent.isSuccess(), cause);
    }
    ready.tryFailure(cause);
    frames.close();
  }

  /** An attempt on this connection. */
  private final class Stream implements LinkStream {
    private static final int UNKNOWN = -1;

    private final int id;
    private final ChannelFuture headSent;
    private final ReceiveWindow window;
    private final BodySender.@Nullable Body body;

    /** Null once the stream is over. */
    private @Nullable Call call;

    private boolean touchedNow;
    private boolean headRead;

    /** What the answer's body has yet to have; {@link #UNKNOWN} if nobody has said. */
    private long bytesToCome = UNKNOWN;

    Stream(
        int id, Call call, ChannelFuture headSent, int windowSize, BodySender.@Nullable Body body) {
      this.id = id;
      this.call = call;
      this.headSent = headSent;
      this.body = body;
      window = new ReceiveWindow(windowSize);
    }

    void headers(Http2Headers headers, boolean end) throws Http2Exception {
      if (headRead) {
        if (!end) {
          throw malformed("trailers without END_STREAM");
        }
        ended(headers.isEmpty() ? null : headers);
        return;
      }
      int status = status(headers.status());
      if (status < 200) {
        if (end) {
          throw malformed("an informational answer with END_STREAM");
        }
        return;
      }
      headRead = true;
      headers.remove(Http2Headers.PseudoHeaderName.STATUS.value());
      Call current = call;
      if (current == null) {
        return;
      }
      if (status != 304 && !current.request().head().method().equals("HEAD")) {
        bytesToCome = headers.getLong(HttpHeaderNames.CONTENT_LENGTH, UNKNOWN);
      }
      current.head(status, headers);
      if (end) {
        ended(null);
      } else {
        touch();
      }
    }

    private int status(@Nullable CharSequence text) throws Http2Exception {
      if (text == null || text.length() != 3) {
        throw malformed("an answer without a status");
      }
      try {
        return Integer.parseUnsignedInt(text, 0, 3, 10);
      } catch (NumberFormatException noNumber) {
        throw malformed("an answer without a status");
      }
    }

    void data(ByteBuf data, int padding, boolean end) throws Http2Exception {
      int length = data.readableBytes();
      if (!window.received(length + padding)) {
        Http2Link.this.consumed(length + padding);
        throw Http2Exception.streamError(
            id, Http2Error.FLOW_CONTROL_ERROR, "more was sent than the stream's window allows");
      }
      if (!headRead) {
        throw malformed("DATA before HEADERS");
      }
      consumed(padding);
      if (bytesToCome != UNKNOWN) {
        bytesToCome -= length;
        if (bytesToCome < 0) {
          throw malformed("a body longer than its content-length");
        }
      }
      Call current = call;
      if (length > 0 && current != null) {
        touch();
        current.data(
            length < COPY_BELOW
                ? ctx.alloc().buffer(length, length).writeBytes(data)
                : data.retain());
      }
      if (end) {
        ended(null);
      }
    }

    /** RFC 9113, 8.1.1. */
    private Http2Exception malformed(String what) {
      return Http2Exception.streamError(id, Http2Error.PROTOCOL_ERROR, "malformed answer: " + what);
    }

    private void ended(@Nullable Http2Headers trailers) throws Http2Exception {
      if (bytesToCome > 0) {
        throw malformed("a body shorter than its content-length");
      }
      Call current = call;
      if (current == null) {
        return;
      }
      forget();
      current.end(trailers);
      if (body != null && !body.over()) {
        // The server has answered without reading on: nobody needs the rest of the request.
        abandon(Http2Error.CANCEL);
      }
      gone();
    }

    /** The call hears of it; what it has yet to send is dropped. */
    void lost(String why, boolean unprocessed, @Nullable Throwable cause) {
      Call current = call;
      if (current == null) {
        return;
      }
      forget();
      drop();
      current.lost(why, unprocessed, cause);
      gone();
    }

    private void abandon(Http2Error why) {
      drop();
      frames.reset(id, why.code());
      flushSoon();
    }

    private void drop() {
      if (body != null) {
        body.drop();
      }
    }

    private void forget() {
      call = null;
      streams.remove(id);
      Http2Link.this.consumed(window.held());
    }

    private void gone() {
      keepAlive.used();
      if (!retired) {
        owner.hasRoom(Http2Link.this);
      } else {
        closeIfDone();
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

    void widen(int bytes) throws Http2Exception {
      if (body != null) {
        body.widen(bytes);
        flushBodiesSoon();
      }
    }

    @Override
    public void write(ByteBuf bytes, boolean last, Runnable written) {
      if (call == null || body == null) {
        bytes.release();
        written.run();
        return;
      }
      body.write(bytes, last, written);
      flushSoon();
    }

    @Override
    public void end(@Nullable Http2Headers trailers) {
      if (call != null && body != null) {
        body.end(trailers);
        flushSoon();
      }
    }

    @Override
    public void consumed(int bytes) {
      if (call == null) {
        return;
      }
      Http2Link.this.consumed(bytes);
      int told = window.consumed(bytes);
      if (told > 0) {
        frames.windowUpdate(id, told);
        flushSoon();
      }
    }

    @Override
    public void cancel() {
      if (call != null) {
        forget();
        abandon(Http2Error.CANCEL);
        gone();
      }
    }
  }
}
