package io.multicluster.cache;

import io.multicluster.wire.http.BodySource;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.http.ResponseSink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A request whose answer is kept, with a client that reads as slowly as a test wants. */
final class RecordingExchange implements Exchange, ResponseSink {
  private final EventLoop loop;
  private final RequestHead request;
  private @Nullable EmbeddedChannel channel;
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private final List<Runnable> closeListeners = new ArrayList<>();
  private @Nullable Runnable writableListener;
  private Http2Headers headers = new DefaultHttp2Headers();
  private int status;
  private boolean ended;
  private boolean reset;
  private long window = Long.MAX_VALUE;
  private long largestOverrun;

  /**
   * @param loop the event loop that the exchange lives on
   * @param target path and query
   */
  RecordingExchange(EventLoop loop, String target, String... headers) {
    this.loop = loop;
    int question = target.indexOf('?');
    Http2Headers sent = new DefaultHttp2Headers();
    for (int i = 0; i < headers.length; i += 2) {
      sent.add(headers[i], headers[i + 1]);
    }
    this.request =
        new RequestHead(
            "GET",
            question < 0 ? target : target.substring(0, question),
            question < 0 ? "" : target.substring(question + 1),
            sent);
  }

  /** The client takes only so many bytes more until it is told otherwise. */
  void window(long bytes) {
    boolean was = writable();
    window = bytes;
    if (!was && writable() && writableListener != null) {
      writableListener.run();
    }
  }

  /** How far the answer went beyond the window at most. */
  long largestOverrun() {
    return largestOverrun;
  }

  void hangUp() {
    closeListeners.forEach(Runnable::run);
    closeListeners.clear();
  }

  byte[] bytes() {
    return body.toByteArray();
  }

  /** What came since the last call. */
  byte[] takeBytes() {
    byte[] bytes = body.toByteArray();
    body.reset();
    return bytes;
  }

  boolean ended() {
    return ended;
  }

  boolean wasReset() {
    return reset;
  }

  @Nullable String header(String name) {
    CharSequence value = headers.get(name);
    return value == null ? null : value.toString();
  }

  @Override
  public RequestHead request() {
    return request;
  }

  @Override
  public BodySource requestBody() {
    throw new UnsupportedOperationException();
  }

  @Override
  public ResponseSink response() {
    return this;
  }

  @Override
  public EventLoop eventLoop() {
    return loop;
  }

  @Override
  public boolean http2() {
    return channel == null;
  }

  @Override
  public List<X509Certificate> clientCertificates() {
    return List.of();
  }

  @Override
  public InetSocketAddress remoteAddress() {
    return new InetSocketAddress(0);
  }

  @Override
  public void head(int newStatus, Http2Headers newHeaders) {
    if (status != 0) {
      throw new IllegalStateException("a second head");
    }
    status = newStatus;
    headers = newHeaders;
  }

  @Override
  public void write(ByteBuf bytes, @Nullable Runnable written) {
    if (status == 0 || ended) {
      throw new IllegalStateException("a write out of order");
    }
    int length = bytes.readableBytes();
    body.writeBytes(ByteBufUtil.getBytes(bytes));
    bytes.release();
    window -= window == Long.MAX_VALUE ? 0 : length;
    largestOverrun = Math.max(largestOverrun, -window);
    if (written != null) {
      written.run();
    }
  }

  @Override
  public void flush() {}

  @Override
  public void end(@Nullable Http2Headers trailers) {
    ended = true;
    hangUp();
  }

  @Override
  public void reset() {
    reset = true;
    hangUp();
  }

  @Override
  public boolean writable() {
    return window > 0;
  }

  @Override
  public void onWritable(Runnable listener) {
    writableListener = listener;
  }

  @Override
  public void onClose(Runnable listener) {
    if (ended || reset) {
      listener.run();
    } else {
      closeListeners.add(listener);
    }
  }

  @Override
  public boolean headSent() {
    return status != 0;
  }

  @Override
  public int status() {
    return status;
  }

  /** Speaks HTTP/1.1, and gives the channel away when asked to. */
  RecordingExchange upgradable(EmbeddedChannel upgraded) {
    channel = upgraded;
    return this;
  }

  @Override
  public void upgrade(Http2Headers newHeaders, Consumer<Channel> ready) {
    status = 101;
    headers = newHeaders;
    ready.accept(Objects.requireNonNull(channel));
  }
}
