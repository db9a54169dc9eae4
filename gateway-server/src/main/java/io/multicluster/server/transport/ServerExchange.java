package io.multicluster.server.transport;

import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.http.BodySource;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.http.ResponseSink;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Headers;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request, its body and the sink of its answer, whatever HTTP version carries them: one object
 * per request. Subclasses put calls on the wire.
 *
 * <p>Threads: what {@link ResponseSink} and {@link BodySource} declare may be called from anywhere.
 * A call from outside the event loop is handed to it, and as long as such a call waits there, calls
 * on the loop queue up behind it: order is that of the caller. Everything abstract and everything
 * named {@code …Arrived} or {@code over} runs on the event loop only.
 */
abstract class ServerExchange implements Exchange, BodySource, ResponseSink {
  private static final Logger LOG = LoggerFactory.getLogger(ServerExchange.class);

  /** Four DATA frames: enough to keep a socket busy, little enough for 10,000 slow watchers. */
  private static final int HIGH_WATER = 64 * 1024;

  private static final int LOW_WATER = HIGH_WATER / 2;

  private final ClientConnection connection;
  private final RequestHead request;

  private final AtomicInteger handedOver = new AtomicInteger();
  private final AtomicInteger unsent = new AtomicInteger();
  private volatile boolean filled;
  private volatile @Nullable Runnable writableListener;
  private volatile int status;

  // Confined to the event loop.
  private @Nullable List<Runnable> closeListeners;
  private boolean responseEnded;

  /** Whether a head was written that tells the length of its body, and nothing of the body yet. */
  private boolean bodyFollows;

  private boolean over;
  private final Queue<ByteBuf> earlyBody = new ArrayDeque<>(0);
  private @Nullable BodyReceiver receiver;
  private boolean bodyUnwanted;
  private boolean bodyEnded;
  private @Nullable Http2Headers bodyTrailers;

  ServerExchange(ClientConnection connection, RequestHead request) {
    this.connection = connection;
    this.request = request;
  }

  abstract void sendHead(int code, Http2Headers headers);

  /** Takes ownership of {@code bytes}. */
  abstract void sendData(ByteBuf bytes, ChannelPromise promise);

  abstract void sendEnd(@Nullable Http2Headers trailers);

  abstract void sendReset();

  abstract void sendContinue();

  abstract void sendUpgrade(
      Http2Headers headers, java.util.function.Consumer<io.netty.channel.Channel> ready);

  /** Lets the sender have that many more bytes under way. */
  abstract void credit(int bytes);

  abstract FlushScheduler flushes();

  // Exchange

  @Override
  public final RequestHead request() {
    return request;
  }

  @Override
  public final BodySource requestBody() {
    return this;
  }

  @Override
  public final ResponseSink response() {
    return this;
  }

  @Override
  public final EventLoop eventLoop() {
    return connection.loop();
  }

  @Override
  public final List<X509Certificate> clientCertificates() {
    return connection.clientCertificates();
  }

  @Override
  public final InetSocketAddress remoteAddress() {
    return connection.remoteAddress();
  }

  // ResponseSink

  @Override
  public final void head(int code, Http2Headers headers) {
    begin(code);
    if (direct()) {
      headNow(code, headers);
    } else {
      hand(() -> headNow(code, headers));
    }
  }

  @Override
  public final void write(ByteBuf bytes, @Nullable Runnable written) {
    if (unsent.addAndGet(bytes.readableBytes()) >= HIGH_WATER) {
      filled = true;
    }
    if (direct()) {
      writeNow(bytes, written);
    } else {
      hand(() -> writeNow(bytes, written));
    }
  }

  @Override
  public final void flush() {
    if (direct()) {
      flushNow();
    } else {
      hand(this::flushNow);
    }
  }

  @Override
  public final void end(@Nullable Http2Headers trailers) {
    if (direct()) {
      endNow(trailers);
    } else {
      hand(() -> endNow(trailers));
    }
  }

  @Override
  public final void reset() {
    if (direct()) {
      resetNow();
    } else {
      hand(this::resetNow);
    }
  }

  @Override
  public final boolean writable() {
    return unsent.get() < HIGH_WATER;
  }

  @Override
  public final void onWritable(Runnable listener) {
    writableListener = listener;
  }

  @Override
  public final void onClose(Runnable listener) {
    if (direct()) {
      onCloseNow(listener);
    } else {
      hand(() -> onCloseNow(listener));
    }
  }

  @Override
  public final boolean headSent() {
    return status != 0;
  }

  @Override
  public final int status() {
    return status;
  }

  @Override
  public final void upgrade(
      Http2Headers headers, java.util.function.Consumer<io.netty.channel.Channel> ready) {
    if (http2()) {
      throw new IllegalStateException("HTTP/2 streams can't be upgraded");
    }
    begin(101);
    hand(() -> {
      if (!over) {
        responseEnded = true;
        sendUpgrade(headers, ready);
      }
    });
  }

  private void begin(int code) {
    if (status != 0) {
      throw new IllegalStateException("the head was sent already, with status " + status);
    }
    status = code;
  }

  private boolean direct() {
    return connection.loop().inEventLoop() && handedOver.get() == 0;
  }

  private void hand(Runnable call) {
    handedOver.incrementAndGet();
    connection
        .loop()
        .execute(() -> {
          handedOver.decrementAndGet();
          call.run();
        });
  }

  private void headNow(int code, Http2Headers headers) {
    if (!over) {
      if (!headers.contains(HttpHeaderNames.DATE)) {
        headers.set(HttpHeaderNames.DATE, DateHeader.now());
      }
      bodyFollows = headers.contains(HttpHeaderNames.CONTENT_LENGTH);
      sendHead(code, headers);
    }
  }

  private void flushNow() {
    if (bodyFollows) {
      flushes().withWhatFollows();
    } else {
      flushes().batched();
    }
  }

  private void writeNow(ByteBuf bytes, @Nullable Runnable written) {
    Sent sent = new Sent(bytes.readableBytes(), written);
    if (over || responseEnded || bodiless()) {
      bytes.release();
      sent.done();
      return;
    }
    bodyFollows = false;
    sendData(bytes, connection.channel().newPromise().addListener(sent));
  }

  private void endNow(@Nullable Http2Headers trailers) {
    if (over || responseEnded) {
      return;
    }
    if (status == 0) {
      throw new IllegalStateException("an answer needs a head before its end");
    }
    responseEnded = true;
    sendEnd(trailers);
    flushes().soon();
  }

  private void resetNow() {
    if (!over) {
      responseEnded = true;
      sendReset();
    }
  }

  private void onCloseNow(Runnable listener) {
    if (over) {
      listener.run();
      return;
    }
    if (closeListeners == null) {
      closeListeners = new ArrayList<>(2);
    }
    closeListeners.add(listener);
  }

  /** Whether HTTP forbids this answer a body. */
  final boolean bodiless() {
    return status == 204 || status == 304 || request.method().equals("HEAD");
  }

  final boolean responseEnded() {
    return responseEnded;
  }

  /** Accounts for one write once its bytes have left or were dropped. */
  private final class Sent implements ChannelFutureListener {
    private final int bytes;
    private final @Nullable Runnable written;

    Sent(int bytes, @Nullable Runnable written) {
      this.bytes = bytes;
      this.written = written;
    }

    @Override
    public void operationComplete(ChannelFuture future) {
      done();
    }

    void done() {
      int left = unsent.addAndGet(-bytes);
      if (written != null) {
        guarded(written);
      }
      // The writer fills the account before it hands the bytes over, so the write that crossed the
      // mark always completes after `filled` was set and finds it here.
      if (filled && left <= LOW_WATER) {
        filled = false;
        Runnable listener = writableListener;
        if (listener != null && !over) {
          guarded(listener);
        }
      }
    }
  }

  /** A fault in somebody's callback ends this exchange and nothing else. */
  private void guarded(Runnable callback) {
    try {
      callback.run();
    } catch (RuntimeException | StackOverflowError fault) {
      LOG.error("A callback failed; the answer to {} is broken off", request.path(), fault);
      resetNow();
    }
  }

  // BodySource

  @Override
  public final void receive(BodyReceiver bodyReceiver) {
    if (direct()) {
      receiveNow(bodyReceiver);
    } else {
      hand(() -> receiveNow(bodyReceiver));
    }
  }

  @Override
  public final void consumed(int bytes) {
    if (direct()) {
      creditNow(bytes);
    } else {
      hand(() -> creditNow(bytes));
    }
  }

  @Override
  public final void cancel() {
    if (direct()) {
      discardBody();
    } else {
      hand(this::discardBody);
    }
  }

  private void receiveNow(BodyReceiver bodyReceiver) {
    if (over) {
      // What had come of the body is gone; whoever waits for it would wait for ever.
      bodyReceiver.failed(new ClientGoneException());
      return;
    }
    if (receiver != null || bodyUnwanted) {
      throw new IllegalStateException("a body has one receiver");
    }
    receiver = bodyReceiver;
    if (!bodyEnded && !headSent() && expectsContinue()) {
      sendContinue();
      flushes().soon();
    }
    for (ByteBuf bytes = earlyBody.poll(); bytes != null; bytes = earlyBody.poll()) {
      if (receiver == null) {
        bytes.release();
      } else {
        bodyReceiver.data(bytes);
      }
    }
    if (receiver == null) {
      return;
    }
    if (bodyEnded) {
      receiver = null;
      bodyReceiver.end(bodyTrailers);
    }
  }

  private boolean expectsContinue() {
    return "100-continue".equalsIgnoreCase(request.header("expect"));
  }

  private void creditNow(int bytes) {
    if (!over) {
      credit(bytes);
    }
  }

  private void discardBody() {
    receiver = null;
    bodyUnwanted = true;
    for (ByteBuf bytes = earlyBody.poll(); bytes != null; bytes = earlyBody.poll()) {
      creditNow(bytes.readableBytes());
      bytes.release();
    }
  }

  final boolean bodyEnded() {
    return bodyEnded;
  }

  /** Takes ownership of {@code bytes}. */
  final void bodyArrived(ByteBuf bytes) {
    BodyReceiver to = receiver;
    if (to != null) {
      guarded(() -> to.data(bytes));
    } else if (bodyUnwanted || responseEnded) {
      creditNow(bytes.readableBytes());
      bytes.release();
    } else {
      earlyBody.add(bytes);
    }
  }

  final void bodyEndArrived(@Nullable Http2Headers trailers) {
    bodyEnded = true;
    bodyTrailers = trailers;
    BodyReceiver to = receiver;
    if (to != null) {
      receiver = null;
      guarded(() -> to.end(trailers));
    }
  }

  /** The exchange has ended, well or not: nothing more is sent or received. */
  final void over() {
    if (over) {
      return;
    }
    over = true;
    BodyReceiver to = receiver;
    discardBody();
    if (to != null) {
      guarded(() -> to.failed(new ClientGoneException()));
    }
    List<Runnable> listeners = closeListeners;
    closeListeners = null;
    if (listeners != null) {
      listeners.forEach(this::guarded);
    }
  }
}
