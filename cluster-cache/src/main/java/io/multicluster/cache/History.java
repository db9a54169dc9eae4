package io.multicluster.cache;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * States of the past, for exact reads and for the pages of a list. What lies in the log's window
 * can be made again from the snapshot before it; what a list began with is pinned beyond that,
 * within limits of number, time, and the memory that only old states keep.
 *
 * <p>Safe for any thread.
 */
final class History {
  private final Sequencer sequencer;
  private final KindIndexes indexes;
  private final HistoryLimits limits;
  private final LongSupplier nanos;

  /** By resourceVersion, least recently used first. Guarded by this. */
  private final Map<Long, Pin> pins = new LinkedHashMap<>(16, 0.75f, true);

  private record Pin(Snapshot snapshot, long bytesEver, long nanos) {}

  History(Sequencer sequencer, KindIndexes indexes, HistoryLimits limits, LongSupplier nanos) {
    this.sequencer = sequencer;
    this.indexes = indexes;
    this.limits = limits;
    this.nanos = nanos;
  }

  /** The state at a position; null if it is gone or has not come yet. */
  @Nullable Snapshot at(long resourceVersion) {
    Snapshot now = sequencer.snapshot();
    if (resourceVersion == now.resourceVersion()) {
      return now;
    }
    Snapshot pinned = pinned(resourceVersion);
    return pinned != null || resourceVersion > now.resourceVersion()
        ? pinned
        : replay(resourceVersion);
  }

  /** Keeps a state for a list that goes on. */
  synchronized void pin(Snapshot snapshot) {
    expire();
    Pin known = pins.get(snapshot.resourceVersion());
    pins.put(
        snapshot.resourceVersion(),
        new Pin(
            snapshot,
            known == null ? sequencer.events().bytesEver() : known.bytesEver,
            nanos.getAsLong()));
    if (pins.size() > limits.states()) {
      pins.remove(pins.keySet().iterator().next());
    }
  }

  /** Forgets what is beyond the limits. */
  synchronized void expire() {
    long now = nanos.getAsLong();
    long bytes = sequencer.events().bytesEver();
    pins.values()
        .removeIf(pin ->
            now - pin.nanos > limits.age().toNanos() || bytes - pin.bytesEver > limits.bytes());
  }

  private synchronized @Nullable Snapshot pinned(long resourceVersion) {
    Pin pin = pins.get(resourceVersion);
    if (pin == null) {
      return null;
    }
    pins.put(resourceVersion, new Pin(pin.snapshot, pin.bytesEver, nanos.getAsLong()));
    return pin.snapshot;
  }

  private @Nullable Snapshot replay(long resourceVersion) {
    EventLog events = sequencer.events();
    long end = events.after(resourceVersion);
    if (end < 0) {
      return null;
    }
    Snapshot start = end == events.end() ? null : events.before(end);
    if (start == null) {
      // Nothing happened since: only bookmarks name such a position.
      Snapshot now = sequencer.snapshot();
      return end == events.after(now.resourceVersion()) ? now.at(resourceVersion) : null;
    }
    Snapshot.Editor editor = new Snapshot.Editor(start, indexes.definitions());
    for (long number = end - end % EventLog.SEGMENT; number < end; number++) {
      LogEntry entry = events.get(number);
      if (entry == null) {
        return null;
      }
      editor.change(entry.before(), entry.after());
    }
    return editor.publish(resourceVersion);
  }
}
