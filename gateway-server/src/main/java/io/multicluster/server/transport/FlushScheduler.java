package io.multicluster.server.transport;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Decides when what was written to a connection goes to the socket. A flush costs an encryption and
 * a system call, three to four times what an event of a watch costs otherwise, so those that come
 * close together share one: everything written while the connection is being read, everything
 * written in one turn of the event loop, and watch events that follow a flush within a millisecond.
 * An idle connection is flushed in the same turn. A head whose body has a known length waits up to
 * a millisecond for it: API servers send the two one after the other, and most clients do nothing
 * with the head alone.
 *
 * <p>Confined to the connection's event loop.
 */
final class FlushScheduler {
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final EventLoop loop;
  private final Runnable flush;
  private final Runnable flushNow = this::flushNow;
  private boolean reading;

  /** Whether a flush follows in this turn of the loop. */
  private boolean soon;

  /** The flush at the end of a pause, if something waits for it. */
  private @Nullable ScheduledFuture<?> later;

  private long lastFlush = System.nanoTime() - PAUSE_NANOS;

  /**
   * @param flush flushes the connection; runs on {@code loop}
   */
  FlushScheduler(EventLoop loop, Runnable flush) {
    this.loop = loop;
    this.flush = flush;
  }

  void readStarted() {
    reading = true;
  }

  /** The caller flushes after this call. */
  void readCompleted() {
    reading = false;
  }

  /** The end of an answer, or a head that somebody waits for. */
  void soon() {
    assert loop.inEventLoop();
    if (!reading && !soon) {
      soon = true;
      loop.execute(flushNow);
    }
  }

  /** A part of a stream, more of which may follow at once. */
  void batched() {
    assert loop.inEventLoop();
    if (reading || soon || later != null) {
      return;
    }
    long waited = System.nanoTime() - lastFlush;
    if (waited >= PAUSE_NANOS) {
      soon();
    } else {
      later(PAUSE_NANOS - waited);
    }
  }

  /** Something that makes little sense without what follows. */
  void withWhatFollows() {
    assert loop.inEventLoop();
    if (!reading && !soon && later == null) {
      later(PAUSE_NANOS);
    }
  }

  private void later(long nanos) {
    later = loop.schedule(flushNow, nanos, TimeUnit.NANOSECONDS);
  }

  private void flushNow() {
    soon = false;
    if (later != null) {
      // Left alone, it would wake the loop for nothing: after most answers of an API server.
      later.cancel(false);
      later = null;
    }
    lastFlush = System.nanoTime();
    flush.run();
  }
}
