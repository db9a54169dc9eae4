package io.multicluster.cache;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The watches of one channel that live on one event loop: they are woken together. Confined to that
 * event loop, but for {@link #wake} and the count, which are the sequencer's.
 *
 * <p>A round of very many watches takes long, mostly for encryption and system calls: one for each,
 * however many events it gets. After such a round events gather for some time, so that the next one
 * costs hardly more and brings several. Rounds of few watches begin at once.
 */
final class WatchGroup {
  /** With fewer watches a round is short enough for every event to have its own. */
  private static final int CROWD = 64;

  /** How many times as long as a round took events gather after it. */
  private static final int REST = 4;

  private static final long SHORTEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long LONGEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final EventLoop loop;
  private final AtomicBoolean awake = new AtomicBoolean();
  private final List<Watch> watches = new ArrayList<>();

  /** Whether a round is under way or its rest is not over. */
  private boolean resting;

  /** Whether there are events to send when that ends. */
  private boolean due;

  /** How many have entered and not left. The sequencer's own. */
  private int count;

  WatchGroup(EventLoop loop) {
    this.loop = loop;
  }

  void entered() {
    count++;
  }

  /** Returns whether nobody is left. */
  boolean left() {
    return --count == 0;
  }

  /** On the sequencer's thread: there are new events. */
  void wake() {
    if (awake.compareAndSet(false, true)) {
      loop.execute(this::begin);
    }
  }

  void add(Watch watch) {
    watch.groupPlace(watches.size());
    watches.add(watch);
  }

  /** The last one takes the place of the one that goes. */
  void remove(Watch watch) {
    Watch last = watches.removeLast();
    if (last != watch) {
      watches.set(watch.groupPlace(), last);
      last.groupPlace(watch.groupPlace());
    }
  }

  private void begin() {
    if (resting) {
      due = true;
    } else {
      drain();
    }
  }

  private void drain() {
    boolean crowd = watches.size() >= CROWD;
    resting = crowd;
    long start = System.nanoTime();
    // Before looking: an event that comes now wakes again.
    awake.set(false);
    // From the end, so that one that removes itself is replaced by one that had its turn.
    for (int i = watches.size() - 1; i >= 0; i--) {
      if (i < watches.size()) {
        watches.get(i).pump();
      }
    }
    if (crowd) {
      // Behind the flushes that these have asked for.
      loop.execute(() -> rest(System.nanoTime() - start));
    }
  }

  private void rest(long taken) {
    long nanos = Math.min(REST * taken, LONGEST_REST_NANOS);
    if (nanos < SHORTEST_REST_NANOS) {
      rested();
    } else {
      var _ = loop.schedule(this::rested, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void rested() {
    resting = false;
    if (due) {
      due = false;
      drain();
    }
  }
}
