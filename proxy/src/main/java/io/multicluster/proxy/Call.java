package io.multicluster.proxy;

import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request under way: through the attempts that it takes to the end of its answer. Confined to the
 * event loop of its pool, except for what {@link UpstreamExchange} promises.
 */
final class Call implements UpstreamExchange {
  /** Attempts of a request that certainly was not carried out by those before. */
  private static final int ATTEMPTS = 4;

  /** Attempts of a request that may have been carried out, and changes nothing. */
  private static final int SAFE_ATTEMPTS = 2;

  private enum State {
    WAITING,
    SENT,
    ANSWERED,
    OVER
  }

  private final ConnectionPool pool;
  private final UpstreamRequest request;
  private final ResponseReceiver receiver;
  private final boolean upgrade;
  private final EventLoop loop;
  private final @Nullable OutgoingBody body;
  private State state = State.WAITING;
  private int attempts;
  private @Nullable LinkStream stream;
  private @Nullable ScheduledFuture<?> headTimer;

  /**
   * @param upgrade whether {@code receiver} is an {@link UpgradeReceiver} waiting for a 101
   */
  Call(ConnectionPool pool, UpstreamRequest request, ResponseReceiver receiver, boolean upgrade) {
    this.pool = pool;
    this.request = request;
    this.receiver = receiver;
    this.upgrade = upgrade;
    loop = pool.loop();
    body = OutgoingBody.of(request.body(), loop, this::bodyFailed);
  }

  UpstreamRequest request() {
    return request;
  }

  @Nullable OutgoingBody body() {
    return bodyless() ? null : body;
  }

  private boolean bodyless() {
    return body == null || body.length() == 0;
  }

  /** The request's headers with the credentials of now. */
  Http2Headers headers() {
    Http2Headers headers = request.head().headers();
    pool.authorize(headers);
    return headers;
  }

  EventLoop loop() {
    return loop;
  }

  boolean upgrade() {
    return upgrade;
  }

  boolean over() {
    return state == State.OVER;
  }

  /** Begins. On the event loop. */
  void start() {
    assert loop.inEventLoop();
    if (state == State.OVER) {
      return; // Cancelled before the hand-over to the loop.
    }
    Duration timeout = request.headTimeout();
    if (!timeout.isZero()) {
      headTimer = loop.schedule(this::headTimedOut, timeout.toNanos(), TimeUnit.NANOSECONDS);
    }
    if (body != null) {
      body.begin();
    }
    if (state == State.WAITING) {
      dispatch();
    }
  }

  private void dispatch() {
    if (upgrade) {
      pool.dialFor(this);
    } else {
      pool.dispatch(this);
    }
  }

  /** A connection begins an attempt; {@link #sent} or {@link #lost} follow. */
  void attempt() {
    attempts++;
  }

  /** The head is on its way; the body follows. */
  void sent(LinkStream on) {
    state = State.SENT;
    stream = on;
    if (body != null && !bodyless()) {
      body.sendTo(on);
    }
  }

  void head(int status, Http2Headers headers) {
    state = State.ANSWERED;
    if (headTimer != null) {
      headTimer.cancel(false);
    }
    if (body != null) {
      body.answered();
    }
    if (status == 401) {
      pool.credentialsRefused();
    }
    try {
      receiver.head(status, headers);
    } catch (RuntimeException | StackOverflowError fault) {
      receiverFailed(fault);
    }
  }

  /** Ownership of {@code bytes} passes over. */
  void data(ByteBuf bytes) {
    try {
      receiver.data(bytes);
    } catch (RuntimeException | StackOverflowError fault) {
      receiverFailed(fault);
    }
  }

  void flush() {
    if (state == State.OVER) {
      return;
    }
    try {
      receiver.flush();
    } catch (RuntimeException | StackOverflowError fault) {
      receiverFailed(fault);
    }
  }

  void end(@Nullable Http2Headers trailers) {
    state = State.OVER;
    stream = null;
    try {
      receiver.end(trailers);
    } catch (RuntimeException | StackOverflowError fault) {
      receiverFailed(fault);
    }
    if (body != null) {
      body.discard(true);
    }
  }

  /** A fault in one receiver must not break the connection that others share. */
  private void receiverFailed(Throwable fault) {
    pool.log().error("{}: the receiver of an answer failed", pool.name(), fault);
    abandon();
    try {
      fail(ApiException.internal("the answer could not be passed on", fault));
    } catch (RuntimeException | StackOverflowError again) {
      pool.log().error("{}: the receiver failed again when told so", pool.name(), again);
    }
  }

  /** The answer was 101; the channel is the receiver's. */
  void upgraded(Http2Headers headers, Channel channel) {
    if (finish() && receiver instanceof UpgradeReceiver upgradeReceiver) {
      upgradeReceiver.upgraded(headers, channel);
    } else {
      channel.close();
    }
  }

  /**
   * The attempt came to nothing.
   *
   * @param unprocessed whether the upstream certainly did not act on it
   */
  void lost(String why, boolean unprocessed, @Nullable Throwable cause) {
    if (state == State.OVER) {
      return;
    }
    stream = null;
    if (body != null) {
      body.detach();
    }
    boolean safe = changesNothing();
    if (state != State.ANSWERED && (unprocessed ? repeatable() : safe && bodyless())) {
      if (attempts < (unprocessed ? ATTEMPTS : SAFE_ATTEMPTS)) {
        state = State.WAITING;
        // Not at once: this is called while a connection goes through its streams.
        loop.execute(() -> again(why));
        return;
      }
    }
    fail(
        unprocessed
            ? UpstreamErrors.unreachable(why, 1, cause)
            : UpstreamErrors.broken(why, safe, cause));
  }

  private void again(String why) {
    if (state != State.WAITING) {
      return;
    }
    pool.log().debug("{}: repeating a request: {}", pool.name(), why);
    dispatch();
  }

  private boolean repeatable() {
    return body == null || body.repeatable();
  }

  private boolean changesNothing() {
    if (upgrade) {
      return false; // exec runs a command, although over WebSocket it is a GET.
    }
    return switch (request.head().method()) {
      case "GET", "HEAD", "OPTIONS" -> true;
      default -> false;
    };
  }

  private void headTimedOut() {
    if (state == State.WAITING || state == State.SENT) {
      abandon();
      fail(UpstreamErrors.noAnswer());
    }
  }

  /** The client's body broke off: a limit was exceeded, or the client is gone. */
  private void bodyFailed(Throwable cause) {
    if (state == State.OVER) {
      return;
    }
    abandon();
    fail(
        cause instanceof ApiException e
            ? e
            : ApiException.badRequest("the request body could not be read to its end"));
  }

  void fail(ApiException error) {
    if (finish()) {
      receiver.failed(error);
    }
  }

  @Override
  public void consumed(int bytes) {
    if (!loop.inEventLoop()) {
      loop.execute(() -> consumed(bytes));
    } else if (stream != null) {
      stream.consumed(bytes);
    }
  }

  @Override
  public void cancel() {
    if (!loop.inEventLoop()) {
      loop.execute(this::cancel);
      return;
    }
    abandon();
    finish();
  }

  private void abandon() {
    LinkStream current = stream;
    if (current != null) {
      stream = null;
      current.cancel();
    } else {
      pool.forget(this);
    }
  }

  private boolean finish() {
    if (state == State.OVER) {
      return false;
    }
    state = State.OVER;
    stream = null;
    if (headTimer != null) {
      headTimer.cancel(false);
    }
    if (body != null) {
      body.discard(false);
    }
    return true;
  }
}
