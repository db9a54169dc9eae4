package io.multicluster.server.flowcontrol;

import java.util.concurrent.TimeUnit;
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
 * is noticed, and for twice as long each time that it was too much again. Never less than keeps a
 * quarter of the processors busy, whoever else needs them; where that is half a seat, the one seat
 * rests after each request for as long as it was taken. It holds a flow back only while another is
 * there to notice, and once the processors were short: busy flows among themselves have all seats,
 * which gets most done, and so has whoever asks a gateway with time to spare.
 *
 * <p>Shared by all levels; each has the window for itself. Safe for use by any thread.
 */
final class CongestionWindow {
  /**
   * Processors that are idle on average, divided by the square root of how many there are, when it
   * becomes likely that what comes has to wait for one. Many processors can be busier than few for
   * the same wait: the square-root staffing rule of Halfin and Whitt.
   */
  private static final double SPARE = 0.6;

  /** How long the window holds after a light flow was seen. */
  private static final long NOTICED_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** How long a window that was too wide is not tried again, at first and at most. */
  private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final long RAREST_PROBE_NANOS = TimeUnit.SECONDS.toNanos(80);

  /** How long after the processors were short last there is no window any more. */
  private static final long FORGOTTEN_NANOS = 2 * RAREST_PROBE_NANOS;

  /** Requests under way for each processor, which keep it busy whatever they wait for. */
  private static final int PLENTY = 4;

  private final double shortOfProcessors;

  // Widths of the window are in half seats.
  private final int least;
  private final int plenty;
  private final int most;
  private final LongSupplier nanoTime;
  private volatile int window;

  /** The light flow that came last, and the last other one; a race loses one of them for once. */
  private volatile Sighting lightFlow;

  private volatile Sighting otherLightFlow;
  private volatile boolean contended;
  private volatile boolean waitedFor;
  private int tooWide = Integer.MAX_VALUE;
  private long tooWideSince;
  private long shortAt;
  private long probeNanos = PROBE_NANOS;

  private record Sighting(long flow, long at) {}

  /**
   * @param processors a quarter of them, or half a seat, is the least window
   * @param most seats ever, and those to begin with
   */
  CongestionWindow(int processors, int most, LongSupplier nanoTime) {
    this.shortOfProcessors = 1 - SPARE / Math.sqrt(processors);
    this.least = Math.max(1, processors / 2);
    this.plenty = 2 * PLENTY * processors;
    this.most = 2 * most;
    this.nanoTime = nanoTime;
    this.window = this.most;
    this.lightFlow = new Sighting(0, nanoTime.getAsLong() - NOTICED_NANOS);
    this.otherLightFlow = lightFlow;
  }

  /** A flow, by its hash, that had nothing under way asks for something. */
  void lightFlowCame(long flow) {
    Sighting last = lightFlow;
    if (last.flow != flow) {
      otherLightFlow = last;
    }
    lightFlow = new Sighting(flow, nanoTime.getAsLong());
  }

  /** Whether a busy flow that wants {@code more} seats may have them beside those in use. */
  boolean admits(long flow, int inUse, int more) {
    if (inUse == 0 || !noticedByOthers(flow)) {
      return true;
    }
    contended = true;
    if (2 * (inUse + more) <= window) {
      return true;
    }
    waitedFor = true;
    return false;
  }

  /** Whether a seat that a busy flow gives back rests for as long as it was taken. */
  boolean seatsRest() {
    return window == 1;
  }

  private boolean noticedByOthers(long flow) {
    Sighting last = lightFlow;
    Sighting other = last.flow == flow ? otherLightFlow : last;
    return nanoTime.getAsLong() - other.at < NOTICED_NANOS;
  }

  /**
   * Adapts the window. A few times a second, by one thread.
   *
   * @param load the part of the processors' time that was in use since the last call, 0 to 1
   */
  void adapt(double load) {
    boolean wanted = waitedFor;
    boolean noticed = contended;
    waitedFor = false;
    contended = false;
    if (load > shortOfProcessors) {
      shortAt = nanoTime.getAsLong();
      if (noticed && window > least) {
        narrow();
      }
    } else if (wanted) {
      widen();
    } else if (nanoTime.getAsLong() - shortAt > FORGOTTEN_NANOS) {
      window = most;
      forget();
    }
  }

  private void narrow() {
    if (window >= tooWide) {
      probeNanos = Math.min(2 * probeNanos, RAREST_PROBE_NANOS);
    }
    tooWide = window;
    tooWideSince = nanoTime.getAsLong();
    window = Math.max(least, Math.min(window / 2, plenty));
  }

  private void widen() {
    if (window >= tooWide) {
      forget();
    }
    int wider = Math.min(most, window + Math.max(1, window / 4));
    if (nanoTime.getAsLong() - tooWideSince < probeNanos) {
      wider = Math.min(wider, tooWide - 1);
    }
    window = wider;
  }

  /** No window is known to be too wide. */
  private void forget() {
    tooWide = Integer.MAX_VALUE;
    probeNanos = PROBE_NANOS;
  }
}
