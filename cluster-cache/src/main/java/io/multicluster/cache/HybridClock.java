package io.multicluster.cache;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Mints resourceVersions: wall milliseconds (43 bits), a counter (12 bits) and the replica's slot
 * (8 bits), so that those of all replicas are distinct and roughly ordered by time. Never goes
 * back, even if the wall clock does. All are positive and have {@value #DIGITS} digits until the
 * year 2248.
 *
 * <p>{@link #next} and {@link #last} belong to the sequencer's thread, {@link #observe} may be
 * called from any.
 */
final class HybridClock {
  static final int DIGITS = 19;

  private static final int SLOT_BITS = 8;
  private static final int COUNTER_BITS = 12;

  /** The earliest millisecond (in March 2000) whose resourceVersions have all digits. */
  private static final long EARLIEST = 953_674_316_407L;

  /** How far ahead of our clock another replica's may be believed to be. */
  private static final long TOLERANCE_MILLIS = 60_000;

  private final LongSupplier wallMillis;
  private final int slot;
  private long last;

  /** The highest time (milliseconds and counter) that a client brought from elsewhere. */
  private final AtomicLong observed = new AtomicLong();

  /**
   * @param slot unique among living replicas, 0 to 255
   */
  HybridClock(LongSupplier wallMillis, int slot) {
    if (slot < 0 || slot >= 1 << SLOT_BITS) {
      throw new IllegalArgumentException("replica slot " + slot + " is not within 0 to 255");
    }
    this.wallMillis = wallMillis;
    this.slot = slot;
  }

  /** A resourceVersion above all that were minted or observed before. */
  long next() {
    long now = Math.max(wallMillis.getAsLong(), EARLIEST) << COUNTER_BITS;
    last = Math.max(now, Math.max(last, observed.get()) + 1);
    return last << SLOT_BITS | slot;
  }

  /**
   * What is minted from now on is above that resourceVersion, which an earlier incarnation minted.
   */
  void startAbove(long resourceVersion) {
    last = Math.max(last, resourceVersion >> SLOT_BITS);
  }

  /**
   * Takes note of a resourceVersion that a client presents: what is minted from now on is above it.
   * One that lies more than a minute ahead of the wall clock is ignored, so that no client can push
   * the clock away.
   */
  void observe(long resourceVersion) {
    long time = resourceVersion >> SLOT_BITS;
    if (time >> COUNTER_BITS <= wallMillis.getAsLong() + TOLERANCE_MILLIS) {
      observed.accumulateAndGet(time, Math::max);
    }
  }

  /** Whether this replica may have minted it. */
  boolean own(long resourceVersion) {
    return (resourceVersion & (1 << SLOT_BITS) - 1) == slot;
  }
}
