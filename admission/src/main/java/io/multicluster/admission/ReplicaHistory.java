package io.multicluster.admission;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Remembers how many replicas things had, so that many small steps are judged like one large one.
 * Thread-safe.
 *
 * <p>Per object only counts are kept that no later one exceeds: a falling row, in which the highest
 * count since some moment is the first that is young enough. Memory is bounded; where a row is too
 * long two neighbours become one with the higher count and the later time, which remembers too much
 * rather than too little.
 */
final class ReplicaHistory {
  private static final int LONGEST_ROW = 64;

  private final LongSupplier nanoTime;
  private final int maxObjects;
  private final long keptNanos;
  private final Map<ObjectKey, ArrayDeque<Count>> rows = new HashMap<>();

  /**
   * @param at when the count was last seen in force
   */
  private record Count(int replicas, long at) {}

  /**
   * @param longest no window may be longer
   * @param maxObjects how many objects are remembered
   */
  ReplicaHistory(LongSupplier nanoTime, Duration longest, int maxObjects) {
    this.nanoTime = nanoTime;
    this.keptNanos = longest.toNanos();
    this.maxObjects = maxObjects;
  }

  /**
   * Notes that an object has so many replicas now.
   *
   * @return false if there is no room: what the object had will not be known
   */
  synchronized boolean note(ObjectKey key, int replicas) {
    long now = nanoTime.getAsLong();
    ArrayDeque<Count> row = rows.get(key);
    if (row == null) {
      if (rows.size() >= maxObjects && !makeRoom(now)) {
        return false;
      }
      row = new ArrayDeque<>(2);
      rows.put(key, row);
    }
    while (!row.isEmpty() && row.getLast().replicas <= replicas) {
      row.removeLast();
    }
    row.addLast(new Count(replicas, now));
    forgetOld(row, now);
    if (row.size() > LONGEST_ROW) {
      shorten(row);
    }
    return true;
  }

  /** The highest count that an object had within a window or has now. */
  synchronized int highest(ObjectKey key, Duration window, int current) {
    ArrayDeque<Count> row = rows.get(key);
    if (row != null) {
      long now = nanoTime.getAsLong();
      for (Count count : row) {
        if (now - count.at <= window.toNanos()) {
          return Math.max(count.replicas, current);
        }
      }
    }
    return current;
  }

  synchronized int size() {
    return rows.size();
  }

  private void forgetOld(ArrayDeque<Count> row, long now) {
    while (!row.isEmpty() && now - row.getFirst().at > keptNanos) {
      row.removeFirst();
    }
  }

  private boolean makeRoom(long now) {
    for (Iterator<ArrayDeque<Count>> all = rows.values().iterator(); all.hasNext(); ) {
      ArrayDeque<Count> row = all.next();
      forgetOld(row, now);
      if (row.isEmpty()) {
        all.remove();
      }
    }
    return rows.size() < maxObjects;
  }

  /** Merges the two neighbours that are nearest to each other in time. */
  private static void shorten(ArrayDeque<Count> row) {
    List<Count> counts = new ArrayList<>(row);
    int nearest = 0;
    for (int i = 1; i + 1 < counts.size(); i++) {
      if (counts.get(i + 1).at - counts.get(i).at
          < counts.get(nearest + 1).at - counts.get(nearest).at) {
        nearest = i;
      }
    }
    Count merged = new Count(counts.get(nearest).replicas, counts.get(nearest + 1).at);
    counts.set(nearest, merged);
    counts.remove(nearest + 1);
    row.clear();
    row.addAll(counts);
  }
}
