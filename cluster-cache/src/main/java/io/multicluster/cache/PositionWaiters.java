package io.multicluster.cache;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Readers that want a state which has not come yet. */
final class PositionWaiters {
  private final Sequencer sequencer;
  private final Duration patience;

  /** The sequencer's own. */
  private final PriorityQueue<Waiter> waiters =
      new PriorityQueue<>(Comparator.comparingLong(Waiter::resourceVersion));

  private record Waiter(
      long resourceVersion, EventLoop loop, Runnable reached, AtomicBoolean decided) {}

  /**
   * Before the sequencer starts.
   *
   * @param patience how long anybody waits
   */
  PositionWaiters(Sequencer sequencer, Duration patience) {
    this.sequencer = sequencer;
    this.patience = patience;
    sequencer.onPublish(this::wake);
    sequencer.onTick(() -> waiters.removeIf(waiter -> waiter.decided.get()));
  }

  /**
   * On the given event loop: runs one of the two there, {@code reached} at once if the state is not
   * older than {@code resourceVersion} already.
   */
  void await(long resourceVersion, EventLoop loop, Runnable reached, Runnable timedOut) {
    if (sequencer.snapshot().resourceVersion() >= resourceVersion) {
      reached.run();
      return;
    }
    sequencer.clock().observe(resourceVersion);
    AtomicBoolean decided = new AtomicBoolean();
    sequencer.submit(() -> {
      waiters.add(new Waiter(resourceVersion, loop, reached, decided));
      sequencer.afterPublish(this::wake);
    });
    var _ =
        loop.schedule(
            () -> {
              if (decided.compareAndSet(false, true)) {
                timedOut.run();
              }
            },
            patience.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private void wake() {
    long now = sequencer.snapshot().resourceVersion();
    Waiter first;
    while ((first = waiters.peek()) != null && first.resourceVersion <= now) {
      Waiter waiter = waiters.remove();
      waiter.loop.execute(() -> {
        if (waiter.decided.compareAndSet(false, true)) {
          waiter.reached.run();
        }
      });
    }
  }
}
