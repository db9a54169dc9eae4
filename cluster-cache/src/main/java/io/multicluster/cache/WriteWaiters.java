package io.multicluster.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Writes through the gateway that wait until the cache has seen them, so that the client reads what
 * it wrote and its answer has the resourceVersion that everybody sees. Confined to the sequencer's
 * thread, but for {@link #minted}.
 */
final class WriteWaiters {
  /** Entries of the log that are searched for a write which others have followed already. */
  private static final int LOOK_BACK = 4096;

  private final Sequencer sequencer;
  private final Members members;
  private final Duration patience;
  private final LongSupplier nanos;
  private final List<Waiter> waiters = new ArrayList<>();

  private record Waiter(
      String cluster,
      byte[] key,
      long memberVersion,
      long deadline,
      CompletableFuture<OptionalLong> answer) {}

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
    long deadline = nanos.getAsLong() + patience.toNanos();
    sequencer.submit(() -> {
      waiters.add(new Waiter(cluster, key, memberVersion, deadline, answer));
      sequencer.afterPublish(this::answer);
    });
    return answer;
  }

  private void answer() {
    waiters.removeIf(waiter -> {
      MemberState member = members.state(waiter.cluster);
      if (member == null || member.status().resourceVersion() < waiter.memberVersion) {
        return false;
      }
      waiter.answer.complete(find(waiter));
      return true;
    });
  }

  private OptionalLong find(Waiter waiter) {
    CachedObject object = sequencer.snapshot().get(waiter.key);
    if (object != null && object.memberVersion() == waiter.memberVersion) {
      return OptionalLong.of(object.resourceVersion());
    }
    EventLog events = sequencer.events();
    long oldest = Math.max(events.first(), events.end() - LOOK_BACK);
    for (long number = events.end() - 1; number >= oldest; number--) {
      LogEntry entry = events.get(number);
      if (entry != null
          && entry.memberVersion() == waiter.memberVersion
          && Arrays.equals(entry.key(), waiter.key)) {
        return OptionalLong.of(entry.resourceVersion());
      }
    }
    return OptionalLong.empty();
  }

  private void giveUp() {
    long now = nanos.getAsLong();
    waiters.removeIf(
        waiter -> now - waiter.deadline >= 0 && waiter.answer.complete(OptionalLong.empty()));
  }
}
