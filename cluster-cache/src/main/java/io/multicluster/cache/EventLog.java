package io.multicluster.cache;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The recent changes of a kind, numbered without gaps. One thread writes, any number read, without
 * locks: {@link #append} prepares entries, {@link #publish} shows them.
 *
 * <p>Entries live in segments; the oldest segments are dropped when the log exceeds its bytes or
 * when they are over age. A reader that is slower than that finds {@code null} where its entry was
 * and must give up. Each segment also keeps the snapshot before its first entry, from which the
 * state at each of its entries can be made again.
 */
final class EventLog {
  static final int SEGMENT = 256;

  private final LogLimits limits;
  private volatile Directory directory;

  /** Entries below this number can be read. Written last, read first: it guards the directory. */
  private volatile long end;

  // The writer's own.
  private long writerEnd;
  private long bytes;
  private long writerBytesEver;
  private volatile long bytesEver;

  private static final class Segment {
    final long first;
    final Snapshot before;
    final @Nullable LogEntry[] entries = new LogEntry[SEGMENT];
    long bytes;
    long lastNanos;

    Segment(long first, Snapshot before) {
      this.first = first;
      this.before = before;
    }
  }

  /**
   * @param floor resourceVersion of the last dropped entry: positions from here on can be resumed
   */
  private record Directory(long first, long floor, Segment[] segments) {
    @Nullable Segment segment(long number) {
      return number < first ? null : segments[(int) (number / SEGMENT - first / SEGMENT)];
    }
  }

  /**
   * @param floor the position of the first snapshot
   */
  EventLog(LogLimits limits, long floor) {
    this.limits = limits;
    this.directory = new Directory(0, floor, new Segment[0]);
  }

  /** The number behind the last entry that can be read. */
  long end() {
    return end;
  }

  /** The number of the oldest entry that is left. */
  long first() {
    return directory.first;
  }

  /** Positions below this resourceVersion can't be resumed. */
  long floor() {
    return directory.floor;
  }

  /**
   * @param number below {@link #end}
   * @return null if it was dropped
   */
  @Nullable LogEntry get(long number) {
    Segment segment = directory.segment(number);
    return segment == null ? null : segment.entries[(int) (number % SEGMENT)];
  }

  /**
   * The number of the first entry above {@code resourceVersion}; {@link #end} if there is none yet.
   *
   * @return -1 if entries above it were dropped
   */
  long after(long resourceVersion) {
    long high = end;
    Directory now = directory;
    if (resourceVersion < now.floor) {
      return -1;
    }
    long low = now.first;
    while (low < high) {
      long middle = (low + high) >>> 1;
      LogEntry entry = get(middle);
      if (entry == null) {
        return after(resourceVersion);
      }
      if (entry.resourceVersion() <= resourceVersion) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /**
   * The snapshot before the first entry of the segment that holds entry {@code number}; that
   * entry's number is {@code number - number % SEGMENT}. Null if it was dropped.
   */
  @Nullable Snapshot before(long number) {
    Segment segment = directory.segment(number);
    return segment == null ? null : segment.before;
  }

  /** Whether the next {@link #append} needs the snapshot of the state before it. */
  boolean startsSegment() {
    return writerEnd % SEGMENT == 0;
  }

  /**
   * Adds an entry, unseen until {@link #publish}.
   *
   * @param before the state before the entry; null unless {@link #startsSegment}
   */
  void append(LogEntry entry, @Nullable Snapshot before, long nanos) {
    Directory now = directory;
    Segment segment;
    if (before != null) {
      segment = new Segment(writerEnd, before);
      Segment[] segments = Arrays.copyOf(now.segments, now.segments.length + 1);
      segments[now.segments.length] = segment;
      directory = new Directory(now.first, now.floor, segments);
    } else {
      segment = now.segments[now.segments.length - 1];
    }
    segment.entries[(int) (writerEnd % SEGMENT)] = entry;
    segment.lastNanos = nanos;
    segment.bytes += entry.footprint();
    bytes += entry.footprint();
    writerBytesEver += entry.footprint();
    writerEnd++;
  }

  /** Shows what was appended. */
  void publish() {
    bytesEver = writerBytesEver;
    end = writerEnd;
  }

  /** Drops what is too much or too old, whole segments, never the one being written. */
  void expire(long nanos) {
    Directory now = directory;
    int drop = 0;
    long floor = now.floor;
    while (drop < now.segments.length - 1) {
      Segment oldest = now.segments[drop];
      if (bytes <= limits.bytes() && nanos - oldest.lastNanos <= limits.age().toNanos()) {
        break;
      }
      bytes -= oldest.bytes;
      LogEntry last = oldest.entries[SEGMENT - 1];
      if (last != null) {
        floor = last.resourceVersion();
      }
      drop++;
    }
    if (drop > 0) {
      directory =
          new Directory(
              now.segments[drop].first,
              floor,
              Arrays.copyOfRange(now.segments, drop, now.segments.length));
    }
  }

  /** All bytes that were ever published: two readings tell how much was replaced between them. */
  long bytesEver() {
    return bytesEver;
  }
}
