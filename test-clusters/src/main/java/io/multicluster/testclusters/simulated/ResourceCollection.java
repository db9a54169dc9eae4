package io.multicluster.testclusters.simulated;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The objects of one resource in key order, and a bounded history of their changes. The history
 * feeds watches and, undone step by step, shows the collection as it was. Guarded by the store's
 * lock.
 */
final class ResourceCollection {
  private final ReentrantLock lock;
  private final Condition changed;
  private final LongSupplier revision;
  private final TreeMap<String, Entry> entries = new TreeMap<>();
  private final @Nullable Change[] history;

  /** Changes are numbered; those from {@code first} to below {@code next} are in the history. */
  private long first;

  private long next;

  /** Changes up to this resourceVersion are gone. */
  private long compacted;

  /**
   * @param oldest a revision before which nothing was
   */
  ResourceCollection(ReentrantLock lock, int historyLimit, LongSupplier revision, long oldest) {
    this.lock = lock;
    this.changed = lock.newCondition();
    this.revision = revision;
    this.compacted = oldest;
    this.history = new @Nullable Change[historyLimit];
  }

  /** A consistent view; entries in key order. */
  record Snapshot(long resourceVersion, List<Entry> entries) {}

  @Nullable Entry get(String namespace, String name) {
    lock.lock();
    try {
      return entries.get(Entry.key(namespace, name));
    } finally {
      lock.unlock();
    }
  }

  int size() {
    lock.lock();
    try {
      return entries.size();
    } finally {
      lock.unlock();
    }
  }

  /** The state now; {@code namespace} empty: of all. */
  Snapshot snapshot(String namespace) {
    lock.lock();
    try {
      return new Snapshot(revision.getAsLong(), List.copyOf(within(entries, namespace)));
    } finally {
      lock.unlock();
    }
  }

  /** The state at a revision of the past, or null if the history does not reach back so far. */
  @Nullable Snapshot snapshotAt(String namespace, long resourceVersion) {
    lock.lock();
    try {
      if (resourceVersion < compacted) {
        return null;
      }
      TreeMap<String, Entry> past = new TreeMap<>(entries);
      for (long i = next - 1; i >= first && change(i).resourceVersion() > resourceVersion; i--) {
        Entry before = change(i).before();
        Entry after = change(i).after();
        if (before != null) {
          past.put(before.key(), before);
        } else if (after != null) {
          past.remove(after.key());
        }
      }
      return new Snapshot(resourceVersion, List.copyOf(within(past, namespace)));
    } finally {
      lock.unlock();
    }
  }

  private static java.util.Collection<Entry> within(
      NavigableMap<String, Entry> all, String namespace) {
    // '0' follows '/' in ASCII: the keys of a namespace are those between the two.
    return namespace.isEmpty()
        ? all.values()
        : all.subMap(namespace + "/", true, namespace + "0", false).values();
  }

  /** Creates or replaces; the entry carries the revision that does it. */
  void put(Entry entry) {
    assert lock.isHeldByCurrentThread();
    Entry before = entries.put(entry.key(), entry);
    record(new Change(entry.resourceVersion(), before, entry));
  }

  /** Adds without telling watches: for what was there before anybody could ask. */
  void load(Entry entry) {
    assert lock.isHeldByCurrentThread();
    entries.put(entry.key(), entry);
    compacted = Math.max(compacted, entry.resourceVersion());
  }

  /** Ends all watches and makes them start anew: after {@link #load}. */
  void breakOff() {
    assert lock.isHeldByCurrentThread();
    compact();
    first = ++next;
    changed.signalAll();
  }

  void remove(Entry entry, long resourceVersion) {
    assert lock.isHeldByCurrentThread();
    Entry before = entries.remove(entry.key());
    if (before != null) {
      record(new Change(resourceVersion, before, null));
    }
  }

  private void record(Change change) {
    if (next - first == history.length) {
      compacted = change(first).resourceVersion();
      first++;
    }
    history[(int) (next % history.length)] = change;
    next++;
    changed.signalAll();
  }

  private Change change(long number) {
    return Objects.requireNonNull(history[(int) (number % history.length)]);
  }

  void compact() {
    lock.lock();
    try {
      first = next;
      compacted = revision.getAsLong();
      java.util.Arrays.fill(history, null);
    } finally {
      lock.unlock();
    }
  }

  /** The oldest revision from which a watch can start. */
  long oldest() {
    lock.lock();
    try {
      return compacted;
    } finally {
      lock.unlock();
    }
  }

  /**
   * A position behind all changes up to that resourceVersion, or null if the history does not reach
   * back so far.
   */
  @Nullable Cursor after(long resourceVersion) {
    lock.lock();
    try {
      if (resourceVersion < compacted) {
        return null;
      }
      long position = next;
      while (position > first && change(position - 1).resourceVersion() > resourceVersion) {
        position--;
      }
      return new Cursor(position);
    } finally {
      lock.unlock();
    }
  }

  /**
   * What a cursor found.
   *
   * @param resourceVersion everything up to here has been returned
   * @param lost the cursor was too slow: changes that it had not seen left the history
   */
  record Batch(List<Change> changes, long resourceVersion, boolean lost) {}

  /** A reader of the history; for one thread. */
  final class Cursor {
    private static final int BATCH = 256;
    private long position;

    private Cursor(long position) {
      this.position = position;
    }

    /** Waits up to {@code patience} for changes; empty if there were none. */
    Batch next(Duration patience) throws InterruptedException {
      lock.lock();
      try {
        long left = patience.toNanos();
        while (position == next && left > 0) {
          left = changed.awaitNanos(left);
        }
        if (position < first) {
          return new Batch(List.of(), 0, true);
        }
        List<Change> batch = new ArrayList<>();
        while (position < next && batch.size() < BATCH) {
          batch.add(change(position++));
        }
        return new Batch(
            batch,
            position == next ? revision.getAsLong() : batch.getLast().resourceVersion(),
            false);
      } finally {
        lock.unlock();
      }
    }
  }
}
