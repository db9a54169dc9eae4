package io.multicluster.server.flowcontrol;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How long refused clients are asked to wait: one second at first, twice as long while many come
 * back in vain, up to 32, and less again when few do. Safe for use by any thread.
 */
final class RetryAfter {
  private static final int LONGEST = 32;

  /** Refusals for each second of waiting that make it longer. */
  private static final int MANY = 3;

  private final LongSupplier nanoTime;

  @GuardedBy("this")
  private int seconds = 1;

  @GuardedBy("this")
  private long since;

  @GuardedBy("this")
  private int refusals;

  RetryAfter(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.since = nanoTime.getAsLong();
  }

  synchronized void refused() {
    adjust();
    refusals++;
  }

  synchronized int seconds() {
    adjust();
    return seconds;
  }

  /** Looks back on a span as long as clients were asked to wait. */
  @GuardedBy("this")
  private void adjust() {
    long now = nanoTime.getAsLong();
    while (now - since >= TimeUnit.SECONDS.toNanos(seconds)) {
      since += TimeUnit.SECONDS.toNanos(seconds);
      if (refusals > MANY * seconds) {
        seconds = Math.min(LONGEST, seconds * 2);
      } else if (refusals < seconds && seconds > 1) {
        seconds /= 2;
      } else if (refusals == 0) {
        since = now;
        return;
      }
      refusals = 0;
    }
  }
}
