package io.multicluster.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Writes through the gateway that wait until the cache has seen them, so that the client reads what
 * it wrote and its answer has the resourceVersion that everybody sees. Confined to the sequencer's
 * thread, but for {@link #minted} and {@link #state}.
 */
final class WriteWaiters {
  /** Entries of the log that are searched for a write which others have followed already. */
  private static final int LOOK_BACK = 4096;

  private final Sequencer sequencer;
  private final Members members;
  private final Duration patience;
  private final LongSupplier nanos;
  private final List<Waiter> waiters = new ArrayList<>();

  /** One write. Told again and again of what has changed, until it is done or its time is over. */
  private abstract static class Waiter {
    private final long deadline;

    Waiter(long deadline) {
      this.deadline = deadline;
    }

    /** Whether the wait is over, in which case its caller has been told. */
    abstract boolean done();

    abstract void giveUp();
  }

  /**
   * Before the sequencer starts.
   *
   * @param patience how long a write waits
   */
  WriteWaiters(Sequencer sequencer, Members members, Duration patience, LongSupplier nanos) {
    this.sequencer = sequencer;
    this.members = members;
    this.patience = patience;
    this.nanos = nanos;
    sequencer.onPublish(this::answer);
    sequencer.onTick(this::giveUp);
  }

  /**
   * Any thread: the resourceVersion minted for the state of an object that the member knows under
   * {@code memberVersion}; empty if that state does not come in time.
   */
  CompletableFuture<OptionalLong> minted(String cluster, byte[] key, long memberVersion) {
    CompletableFuture<OptionalLong> answer = new CompletableFuture<>();
    await(
        new Waiter(deadline()) {
          @Override
          boolean done() {
            MemberState member = members.state(cluster);
            return member != null
                && member.status().resourceVersion() >= memberVersion
                && answer.complete(find(key, memberVersion));
          }

          @Override
          void giveUp() {
            answer.complete(OptionalLong.empty());
          }
        });
    return answer;
  }

  /**
   * Any thread: whether, before the time is over, an object comes into a state that is waited for.
   *
   * @param wanted is given null if there is no such object; called on the sequencer's thread
   */
  CompletableFuture<Boolean> state(byte[] key, Predicate<@Nullable CachedObject> wanted) {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    await(
        new Waiter(deadline()) {
          @Override
          boolean done() {
            return wanted.test(sequencer.snapshot().get(key)) && answer.complete(true);
          }

          @Override
          void giveUp() {
            answer.complete(false);
          }
        });
    return answer;
  }

  private long deadline() {
    return nanos.getAsLong() + patience.toNanos();
  }

  private void await(Waiter waiter) {
    sequencer.submit(() -> {
      waiters.add(waiter);
      sequencer.afterPublish(this::answer);
    });
  }

  private void answer() {
    waiters.removeIf(Waiter::done);
  }

  private OptionalLong find(byte[] key, long memberVersion) {
    CachedObject object = sequencer.snapshot().get(key);
    if (object != null && object.memberVersion() == memberVersion) {
      return OptionalLong.of(object.resourceVersion());
    }
    EventLog events = sequencer.events();
    long oldest = Math.max(events.first(), events.end() - LOOK_BACK);
    for (long number = events.end() - 1; number >= oldest; number--) {
      LogEntry entry = events.get(number);
      if (entry != null
          && entry.memberVersion() == memberVersion
          && Arrays.equals(entry.key(), key)) {
        return OptionalLong.of(entry.resourceVersion());
      }
    }
    return OptionalLong.empty();
  }

  private void giveUp() {
    long now = nanos.getAsLong();
    waiters.removeIf(waiter -> {
      boolean over = now - waiter.deadline >= 0;
      if (over) {
        waiter.giveUp();
      }
      return over;
    });
  }
}
