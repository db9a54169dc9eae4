package io.multicluster.server.transport;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;

/**
 * Decides when what was written to a connection goes to the socket. A flush costs an encryption and
 * a system call, three to four times what an event of a watch costs otherwise, so those that come
 * close together share one: everything written while the connection is being read, everything
 * written in one turn of the event loop, and watch events that follow a flush within a millisecond.
 * An idle connection is flushed in the same turn.
 *
 * <p>Confined to the connection's event loop.
 */
final class FlushScheduler {
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final EventLoop loop;
  private final Runnable flush;
  private final Runnable flushNow = this::flushNow;
  private boolean reading;
  private boolean soon;
  private boolean later;
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
      later = true;
      loop.schedule(flushNow, PAUSE_NANOS - waited, TimeUnit.NANOSECONDS);
    }
  }

  private void flushNow() {
    soon = false;
    later = false;
    lastFlush = System.nanoTime();
    flush.run();
  }
}
