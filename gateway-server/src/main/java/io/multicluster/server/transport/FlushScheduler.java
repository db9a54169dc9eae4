package io.multicluster.server.transport;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;

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
  private final Runnable pauseOver = this::pauseOver;
  private boolean reading;

  /** Whether a flush follows in this turn of the loop. */
  private boolean soon;

  /** Whether something waits for the end of the pause. */
  private boolean later;

  /** Whether the end of a pause is awaited; it may turn out that nothing waits for it any more. */
  private boolean pausing;

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
    if (reading || soon || later) {
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
    if (!reading && !soon && !later) {
      later(PAUSE_NANOS);
    }
  }

  private void later(long nanos) {
    later = true;
    if (!pausing) {
      pausing = true;
      loop.schedule(pauseOver, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void pauseOver() {
    pausing = false;
    if (later) {
      flushNow();
    }
  }

  private void flushNow() {
    soon = false;
    later = false;
    lastFlush = System.nanoTime();
    flush.run();
  }
}
