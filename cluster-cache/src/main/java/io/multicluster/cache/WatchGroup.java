package io.multicluster.cache;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The watches of one channel that live on one event loop: they are woken together. Confined to that
 * event loop, but for {@link #wake} and the count, which are the sequencer's.
 */
final class WatchGroup {
  private final EventLoop loop;
  private final AtomicBoolean awake = new AtomicBoolean();
  private final List<Watch> watches = new ArrayList<>();

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
      loop.execute(this::drain);
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

  private void drain() {
    // Before looking: an event that comes now wakes again.
    awake.set(false);
    // From the end, so that one that removes itself is replaced by one that had its turn.
    for (int i = watches.size() - 1; i >= 0; i--) {
      if (i < watches.size()) {
        watches.get(i).pump();
      }
    }
  }
}
