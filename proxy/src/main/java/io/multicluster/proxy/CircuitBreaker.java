package io.multicluster.proxy;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Remembers that an upstream can't be connected to, so that requests fail at once instead of
 * waiting for a time-out each. Only attempts to connect count: connections that exist go on serving
 * whatever this says. Safe for use by any thread.
 */
final class CircuitBreaker {
  private final LongSupplier nanoTime;
  private final int failuresToOpen;
  private final long firstPause;
  private final long longestPause;

  private int failures;
  private long pause;
  private long openUntil;
  private boolean probing;

  CircuitBreaker(
      LongSupplier nanoTime, int failuresToOpen, Duration firstPause, Duration longestPause) {
    this.nanoTime = nanoTime;
    this.failuresToOpen = failuresToOpen;
    this.firstPause = firstPause.toNanos();
    this.longestPause = longestPause.toNanos();
  }

  /**
   * Whether an attempt to connect may be made; if so, its outcome must be told. While the breaker
   * is open that is one attempt at a time, and none before the pause is over.
   */
  synchronized boolean tryConnect() {
    if (!isOpen()) {
      return true;
    }
    if (probing || nanoTime.getAsLong() - openUntil < 0) {
      return false;
    }
    probing = true;
    return true;
  }

  synchronized boolean isOpen() {
    return failures >= failuresToOpen;
  }

  synchronized void succeeded() {
    failures = 0;
    pause = 0;
    probing = false;
  }

  synchronized void failed() {
    boolean wasOpen = isOpen();
    if (wasOpen && !probing) {
      return; // An attempt from before it opened says nothing new.
    }
    failures++;
    probing = false;
    if (isOpen()) {
      pause = wasOpen ? Math.min(longestPause, pause * 2) : firstPause;
      openUntil = nanoTime.getAsLong() + pause;
    }
  }

  /** Forgets the past: the configuration has changed. */
  synchronized void reset() {
    succeeded();
  }

  /** When it makes sense to come back, in seconds, 1 at least. */
  synchronized int retryAfterSeconds() {
    long left = isOpen() ? openUntil - nanoTime.getAsLong() : 0;
    return (int) Math.max(1, Duration.ofNanos(left).plusMillis(999).toSeconds());
  }
}
