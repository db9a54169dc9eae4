package io.multicluster.server.flowcontrol;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * How many seats the busy flows of a level may take at once while others are there who have little
 * to ask. Seats bound how much runs, whatever that costs; where all of it wants a processor,
 * whoever comes waits for all that runs before him. So when the processors are short, those who ask
 * for much at once wait in their queues and not for the processors, and those who ask for one thing
 * at a time notice little of them.
 *
 * <p>Found as TCP finds its window: halved while the processors are short, and grown while they are
 * not and somebody waits for it; but what was too much is not tried again for a while, as each try
 * is noticed. Never less than keeps half of the processors busy, whoever else needs them. It holds
 * only while somebody is there to notice: busy flows among themselves have all seats, which gets
 * most done.
 *
 * <p>Shared by all levels; each has the window for itself. Safe for use by any thread.
 */
final class CongestionWindow {
  /** Beyond this part of the processors' time what runs waits for them noticeably. */
  private static final double SHORT_OF_PROCESSORS = 0.8;

  /** How long the window holds after a light flow was seen. */
  private static final long NOTICED_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** How long a window that was too wide is not tried again. */
  private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final int least;
  private final int most;
  private final LongSupplier nanoTime;
  private final AtomicInteger running = new AtomicInteger();
  private volatile int window;
  private volatile long lightSeen;
  private volatile boolean waitedFor;
  private int tooWide = Integer.MAX_VALUE;
  private long tooWideSince;

  /**
   * @param processors half of them, or one, is the least number of seats, and that to begin with
   * @param most seats ever
   */
  CongestionWindow(int processors, int most, LongSupplier nanoTime) {
    this.least = Math.max(1, processors / 2);
    this.most = most;
    this.nanoTime = nanoTime;
    this.window = least;
    this.lightSeen = nanoTime.getAsLong() - NOTICED_NANOS;
  }

  /** A request of any flow runs from now on. */
  void began() {
    running.incrementAndGet();
  }

  /** A request that ran has ended. */
  void ended() {
    running.decrementAndGet();
  }

  /** A flow that had nothing under way asks for something. Alone, it has nobody to suffer from. */
  void lightFlowCame() {
    if (running.get() > 0) {
      lightSeen = nanoTime.getAsLong();
    }
  }

  /** Whether a busy flow that wants {@code more} seats may have them beside those in use. */
  boolean admits(int inUse, int more) {
    if (inUse == 0 || inUse + more <= window || !holds()) {
      return true;
    }
    waitedFor = true;
    return false;
  }

  private boolean holds() {
    return nanoTime.getAsLong() - lightSeen < NOTICED_NANOS;
  }

  /**
   * Adapts the window. A few times a second, by one thread.
   *
   * @param load the part of the processors' time that was in use since the last call, 0 to 1
   */
  void adapt(double load) {
    boolean wanted = waitedFor;
    waitedFor = false;
    long now = nanoTime.getAsLong();
    if (load > SHORT_OF_PROCESSORS) {
      if (holds() && window > least) {
        tooWide = window;
        tooWideSince = now;
        window = Math.max(least, window / 2);
      }
    } else if (wanted) {
      int wider = Math.min(most, window + Math.max(1, window / 4));
      window =
          now - tooWideSince < PROBE_NANOS ? Math.max(window, Math.min(wider, tooWide - 1)) : wider;
    }
  }
}
