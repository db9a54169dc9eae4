package io.multicluster.server.audit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.multicluster.wire.http.ResponseSink;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The transport's sink as seen by everything above it, once the request has an {@link AuditTrail}:
 * the answer to a change is kept back, whole up to a bound, until its outcome is on disk. If that
 * fails the client gets 503 instead, as it must not take for recorded what is not.
 *
 * <p>Back-pressure: what is kept back within the bound counts as sent, so that the upstream goes on
 * sending; what comes later counts as sent when it is.
 */
public final class RecordedSink implements ResponseSink {
  /** Answers are kept back up to here; recorded, if at all, up to what the configuration says. */
  private static final int MOST_HELD = 256 * 1024;

  /** How far the answer to a change is. */
  private enum State {
    /** No change, or its outcome is on disk. */
    PASSING,
    HOLDING,
    /** The outcome is on its way to the disk. */
    COMMITTING
  }

  /** A part that is kept back; whoever wrote it is told when it is sent. */
  private record Part(ByteBuf bytes, @Nullable Runnable written) {}

  private final ResponseSink transport;
  private final EventLoop loop;
  private final BiConsumer<ResponseSink, Status> errors;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private State state = State.PASSING;

  @GuardedBy("lock")
  private final Deque<Part> held = new ArrayDeque<>();

  @GuardedBy("lock")
  private int heldBytes;

  @GuardedBy("lock")
  private boolean ended;

  @GuardedBy("lock")
  private boolean broken;

  @GuardedBy("lock")
  private @Nullable Http2Headers trailers;

  private volatile @Nullable AuditTrail trail;
  private volatile @Nullable Http2Headers head;
  private volatile int status;
  private volatile boolean completed;
  private volatile boolean readable;
  private volatile String contentType = "";

  /**
   * @param loop the client's event loop
   * @param errors writes a whole answer to a sink that has none
   */
  public RecordedSink(
      ResponseSink transport, EventLoop loop, BiConsumer<ResponseSink, Status> errors) {
    this.transport = transport;
    this.loop = loop;
    this.errors = errors;
  }

  /** From now on the answer is recorded. Before any of it is sent. */
  void begin(AuditTrail newTrail) {
    synchronized (lock) {
      trail = newTrail;
      // The deadline may have answered already.
      if (newTrail.holdsAnswer() && !transport.headSent()) {
        state = State.HOLDING;
      }
    }
    transport.onClose(this::closed);
  }

  /** The trail of this request; null before it has one or if the policy wants none. */
  public @Nullable AuditTrail trail() {
    return trail;
  }

  @Override
  public void head(int code, Http2Headers headers) {
    AuditTrail recorded;
    synchronized (lock) {
      recorded = trail;
      status = code;
      CharSequence type = headers.get(HttpHeaderNames.CONTENT_TYPE);
      contentType = type == null ? "" : type.toString();
      readable = !headers.contains(HttpHeaderNames.CONTENT_ENCODING);
      head = headers;
      if (state == State.PASSING) {
        transport.head(code, headers);
      }
    }
    if (recorded != null) {
      recorded.started(code);
    }
  }

  @Override
  public void write(ByteBuf bytes, @Nullable Runnable written) {
    AuditTrail recorded = trail;
    RecordedBody copy = recorded == null ? null : recorded.answerBody(status);
    if (copy != null && !completed) {
      copy.add(bytes);
    }
    boolean full = false;
    synchronized (lock) {
      switch (state) {
        case PASSING -> {
          transport.write(bytes, written);
          return;
        }
        case COMMITTING -> {
          held.add(new Part(bytes, written));
          return;
        }
        case HOLDING -> {
          heldBytes += bytes.readableBytes();
          full = heldBytes > MOST_HELD;
          held.add(new Part(bytes, full ? written : null));
        }
      }
    }
    if (full) {
      commit();
    } else if (written != null) {
      onLoop(written);
    }
  }

  @Override
  public void flush() {
    synchronized (lock) {
      if (state == State.PASSING) {
        transport.flush();
      }
    }
  }

  @Override
  public void end(@Nullable Http2Headers endTrailers) {
    synchronized (lock) {
      if (state != State.PASSING) {
        ended = true;
        trailers = endTrailers;
      }
    }
    finish();
    synchronized (lock) {
      if (state == State.PASSING && !ended) {
        transport.end(endTrailers);
      }
    }
  }

  @Override
  public void reset() {
    synchronized (lock) {
      if (state != State.PASSING) {
        broken = true;
      }
    }
    finish();
    synchronized (lock) {
      if (state == State.PASSING && !broken) {
        transport.reset();
      }
    }
  }

  /** The exchange is over for the transport, however it ended. */
  private void closed() {
    synchronized (lock) {
      if (state != State.PASSING) {
        broken = true;
      }
    }
    finish();
  }

  /** Records the outcome, if that was not done already. */
  private void finish() {
    AuditTrail recorded = trail;
    if (recorded == null) {
      return;
    }
    if (recorded.holdsAnswer()) {
      commit();
    } else {
      synchronized (lock) {
        if (completed) {
          return;
        }
        completed = true;
      }
      recorded.completed(status, contentType, readable, true);
    }
  }

  private void commit() {
    AuditTrail recorded = trail;
    synchronized (lock) {
      if (state != State.HOLDING || recorded == null) {
        return;
      }
      state = State.COMMITTING;
      completed = true;
    }
    recorded
        .completed(status, contentType, readable, certain())
        .whenComplete((_, failure) -> loop.execute(() -> release(failure)));
  }

  /**
   * Whether the answer tells for sure what happened. Errors of the server leave it open, unless
   * they ask to try again: that is said only of what was certainly not done.
   */
  private boolean certain() {
    Http2Headers headers = head;
    return status != 0 && headers != null && (status < 500 || headers.contains("retry-after"));
  }

  /** The outcome is on disk, or can't be. */
  private void release(@Nullable Throwable failure) {
    synchronized (lock) {
      state = State.PASSING;
      Http2Headers headers = head;
      if (failure != null || headers == null) {
        held.forEach(part -> drop(part));
        held.clear();
        if (broken) {
          transport.reset();
        } else if (failure != null) {
          errors.accept(
              transport,
              ApiException.unavailable(
                      "the outcome could not be written to the audit log; the server had answered "
                          + status,
                      0)
                  .status());
        }
        return;
      }
      transport.head(status, headers);
      for (Part part = held.poll(); part != null; part = held.poll()) {
        transport.write(part.bytes, part.written);
      }
      if (broken) {
        transport.reset();
      } else if (ended) {
        transport.end(trailers);
      } else {
        transport.flush();
      }
    }
  }

  private static void drop(Part part) {
    part.bytes.release();
    if (part.written != null) {
      part.written.run();
    }
  }

  private void onLoop(Runnable callback) {
    if (loop.inEventLoop()) {
      callback.run();
    } else {
      loop.execute(callback);
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
    return head != null || transport.headSent();
  }

  @Override
  public int status() {
    return status == 0 ? transport.status() : status;
  }

  @Override
  public void upgrade(Http2Headers headers, Consumer<Channel> ready) {
    AuditTrail recorded = trail;
    if (recorded != null) {
      status = 101;
      recorded.started(101);
      synchronized (lock) {
        // What follows is no answer that could be kept back.
        state = State.PASSING;
      }
    }
    transport.upgrade(headers, ready);
  }
}
