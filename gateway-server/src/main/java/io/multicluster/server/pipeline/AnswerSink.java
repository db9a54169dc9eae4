package io.multicluster.server.pipeline;

import io.multicluster.wire.http.ResponseSink;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sees each answer begin and end: gives it the headers that every answer has, and lets the deadline
 * answer in place of a route that is late. Whoever comes second, route or deadline, finds its calls
 * ignored.
 */
final class AnswerSink implements ResponseSink {
  /** How far an answer is. */
  private enum State {
    NONE,
    BEGUN,
    ENDED,
    /** The deadline answered instead. */
    LATE
  }

  private final ResponseSink transport;
  private final AnswerHeaders everyAnswers;
  private final AtomicReference<State> state = new AtomicReference<>(State.NONE);

  AnswerSink(ResponseSink transport, AnswerHeaders everyAnswers) {
    this.transport = transport;
    this.everyAnswers = everyAnswers;
  }

  /** Whether the route is done with this answer. */
  boolean ended() {
    return state.get() == State.ENDED;
  }

  /**
   * Ends what is late.
   *
   * @return the sink for an answer to give instead; null if the route's own had begun, which is
   *     broken off, or was complete
   */
  @Nullable ResponseSink expire() {
    if (state.compareAndSet(State.NONE, State.LATE)) {
      return new AnswerSink(transport, everyAnswers);
    }
    if (state.compareAndSet(State.BEGUN, State.LATE)) {
      transport.reset();
    }
    return null;
  }

  @Override
  public void head(int status, Http2Headers headers) {
    if (!state.compareAndSet(State.NONE, State.BEGUN)) {
      if (state.get() == State.LATE) {
        return;
      }
      throw new IllegalStateException("the head of this answer was sent already");
    }
    everyAnswers.stamp(headers);
    transport.head(status, headers);
  }

  @Override
  public void write(ByteBuf bytes, @Nullable Runnable written) {
    if (state.get() == State.BEGUN) {
      transport.write(bytes, written);
    } else {
      bytes.release();
      if (written != null) {
        written.run();
      }
    }
  }

  @Override
  public void flush() {
    if (state.get() == State.BEGUN) {
      transport.flush();
    }
  }

  @Override
  public void end(@Nullable Http2Headers trailers) {
    if (state.compareAndSet(State.BEGUN, State.ENDED)) {
      transport.end(trailers);
    }
  }

  @Override
  public void reset() {
    if (state.get() != State.LATE) {
      transport.reset();
    }
  }

  @Override
  public boolean writable() {
    return transport.writable();
  }

  @Override
  public void onWritable(Runnable listener) {
    transport.onWritable(listener);
  }

  @Override
  public void onClose(Runnable listener) {
    transport.onClose(listener);
  }

  @Override
  public boolean headSent() {
    return state.get() != State.NONE;
  }

  @Override
  public int status() {
    return transport.status();
  }

  @Override
  public void upgrade(Http2Headers headers, Consumer<Channel> ready) {
    if (state.compareAndSet(State.NONE, State.ENDED)) {
      headers.set(AuditId.HEADER, everyAnswers.auditId());
      transport.upgrade(headers, ready);
    }
  }
}
