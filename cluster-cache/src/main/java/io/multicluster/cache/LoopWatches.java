package io.multicluster.cache;

import io.netty.channel.EventLoop;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The watches of one kind on one event loop, looked after once a second by one timer: bookmarks,
 * time limits, and those that are too slow. Confined to that event loop.
 */
final class LoopWatches {
  private final EventLoop loop;
  private final Set<Watch> watches = new LinkedHashSet<>();
  private boolean ticking;

  LoopWatches(EventLoop loop) {
    this.loop = loop;
  }

  void add(Watch watch) {
    watches.add(watch);
    if (!ticking) {
      ticking = true;
      schedule();
    }
  }

  void remove(Watch watch) {
    watches.remove(watch);
  }

  /** Any thread: ends all of them with a last bookmark. */
  void drain() {
    loop.execute(() -> {
      for (Watch watch : watches.toArray(Watch[]::new)) {
        watch.drain();
      }
    });
  }

  private void schedule() {
    var _ = loop.schedule(this::tick, 1, TimeUnit.SECONDS);
  }

  private void tick() {
    for (Watch watch : watches.toArray(Watch[]::new)) {
      watch.tick();
    }
    if (watches.isEmpty()) {
      ticking = false;
    } else {
      schedule();
    }
  }
}
