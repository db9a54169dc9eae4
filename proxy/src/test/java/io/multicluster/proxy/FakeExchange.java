package io.multicluster.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.http.BodySource;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.http.ResponseSink;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A client's request without a client: a test plays the transport's part. */
final class FakeExchange implements Exchange, BodySource, ResponseSink {
  private final EventLoop loop;
  private final RequestHead head;
  private final boolean http2;

  // The answer.
  final CompletableFuture<Integer> answered = new CompletableFuture<>();
  final CompletableFuture<Http2Headers> headers = new CompletableFuture<>();
  final CompletableFuture<String> ended = new CompletableFuture<>();
  final CompletableFuture<Http2Headers> trailers = new CompletableFuture<>();
  final CountDownLatch wasReset = new CountDownLatch(1);
  final BlockingQueue<String> flushed = new LinkedBlockingQueue<>();
  final AtomicLong received = new AtomicLong();
  final AtomicInteger held = new AtomicInteger();
  final AtomicInteger mostHeld = new AtomicInteger();
  private final Queue<Runnable> unwritten = new ArrayDeque<>();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private final StringBuilder unflushed = new StringBuilder();
  private final List<Runnable> closeListeners = new ArrayList<>();
  private boolean slow;
  private boolean keepsBody = true;
  private boolean closed;
  private volatile int status;

  // The request's body.
  final AtomicInteger credited = new AtomicInteger();
  final CountDownLatch bodyCancelled = new CountDownLatch(1);
  private final CompletableFuture<BodyReceiver> receiver = new CompletableFuture<>();
  private boolean bodyless;

  // An upgrade.
  final CompletableFuture<Http2Headers> upgradeHeaders = new CompletableFuture<>();
  private @Nullable Channel rawChannel;

  FakeExchange(EventLoop loop, String method, String path, boolean http2) {
    this.loop = loop;
    this.http2 = http2;
    head = new RequestHead(method, path, "", new DefaultHttp2Headers(false));
  }

  /** Bytes are taken only by {@link #take}. */
  FakeExchange slow() {
    slow = true;
    keepsBody = false;
    return this;
  }

  FakeExchange bodyless() {
    bodyless = true;
    return this;
  }

  FakeExchange with(String name, String value) {
    head.headers().add(name, value);
    return this;
  }

  FakeExchange raw(Channel channel) {
    rawChannel = channel;
    return this;
  }

  /** What came before the latest flush. */
  String flushedText() throws InterruptedException {
    String text = flushed.poll(10, TimeUnit.SECONDS);
    if (text == null) {
      throw new AssertionError("nothing was flushed");
    }
    return text;
  }

  BodyReceiver body() throws Exception {
    return Received.get(receiver);
  }

  void send(ByteBuf bytes) throws Exception {
    BodyReceiver to = body();
    loop.execute(() -> to.data(bytes));
  }

  void sendEnd() throws Exception {
    BodyReceiver to = body();
    loop.execute(() -> to.end(null));
  }

  /** Takes one piece that was held, if there is one. */
  void take() {
    loop.execute(() -> {
      Runnable next = unwritten.poll();
      if (next != null) {
        next.run();
      }
    });
  }

  /** The client goes away, or has its answer. */
  void close() {
    loop.execute(() -> {
      closed = true;
      unwritten.forEach(Runnable::run);
      unwritten.clear();
      closeListeners.forEach(Runnable::run);
    });
  }

  // Exchange

  @Override
  public RequestHead request() {
    return head;
  }

  @Override
  public BodySource requestBody() {
    return this;
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
    return http2;
  }

  @Override
  public List<X509Certificate> clientCertificates() {
    return List.of();
  }

  @Override
  public InetSocketAddress remoteAddress() {
    return new InetSocketAddress("192.0.2.7", 40_000);
  }

  // BodySource

  @Override
  public void receive(BodyReceiver to) {
    receiver.complete(to);
    if (bodyless) {
      to.end(null);
    }
  }

  @Override
  public void consumed(int bytes) {
    credited.addAndGet(bytes);
  }

  @Override
  public void cancel() {
    bodyCancelled.countDown();
  }

  // ResponseSink

  @Override
  public void head(int code, Http2Headers answer) {
    status = code;
    headers.complete(answer);
    answered.complete(code);
  }

  @Override
  public void write(ByteBuf bytes, @Nullable Runnable written) {
    int length = bytes.readableBytes();
    byte[] copy = new byte[length];
    bytes.readBytes(copy);
    bytes.release();
    if (keepsBody) {
      body.writeBytes(copy);
      unflushed.append(new String(copy, UTF_8));
    }
    received.addAndGet(length);
    int now = held.addAndGet(length);
    mostHeld.accumulateAndGet(now, Math::max);
    Runnable gone =
        () -> {
          held.addAndGet(-length);
          if (written != null) {
            written.run();
          }
        };
    if (slow && !closed) {
      unwritten.add(gone);
    } else {
      gone.run();
    }
  }

  @Override
  public void flush() {
    if (!unflushed.isEmpty()) {
      flushed.add(unflushed.toString());
      unflushed.setLength(0);
    }
  }

  @Override
  public void end(@Nullable Http2Headers last) {
    trailers.complete(last);
    ended.complete(body.toString(UTF_8));
    close();
  }

  @Override
  public void reset() {
    wasReset.countDown();
    close();
  }

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public void onWritable(Runnable listener) {}

  @Override
  public void onClose(Runnable listener) {
    if (closed) {
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

  @Override
  public void upgrade(Http2Headers answer, Consumer<Channel> ready) {
    status = 101;
    upgradeHeaders.complete(answer);
    Channel channel = Objects.requireNonNull(rawChannel);
    // As the transport does: once the head is on the wire.
    loop.execute(() -> ready.accept(channel));
  }
}
