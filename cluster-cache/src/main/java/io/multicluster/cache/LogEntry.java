package io.multicluster.cache;

import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/** One change of one object, as the log keeps it. Immutable but for the frames made of it. */
final class LogEntry {
  private static final AtomicReferenceFieldUpdater<LogEntry, @Nullable SharedFrame> FRAMES =
      AtomicReferenceFieldUpdater.newUpdater(LogEntry.class, SharedFrame.class, "frames");

  private final long resourceVersion;
  private final long memberVersion;
  private final @Nullable CachedObject before;
  private final @Nullable CachedObject after;

  /** What was encoded of this event already, for whoever sends it next. */
  private volatile @Nullable SharedFrame frames;

  /**
   * @param resourceVersion minted for this change
   * @param memberVersion the member's resourceVersion of it
   * @param before null if the object was added
   * @param after null if it was deleted
   */
  LogEntry(
      long resourceVersion,
      long memberVersion,
      @Nullable CachedObject before,
      @Nullable CachedObject after) {
    if (before == null && after == null) {
      throw new IllegalArgumentException("a change of nothing");
    }
    this.resourceVersion = resourceVersion;
    this.memberVersion = memberVersion;
    this.before = before;
    this.after = after;
  }

  long resourceVersion() {
    return resourceVersion;
  }

  long memberVersion() {
    return memberVersion;
  }

  @Nullable CachedObject before() {
    return before;
  }

  @Nullable CachedObject after() {
    return after;
  }

  /** The object after the change, or the last that was seen of it. */
  CachedObject object() {
    if (after != null) {
      return after;
    }
    if (before != null) {
      return before;
    }
    throw new IllegalStateException("a change of nothing");
  }

  byte[] key() {
    return object().key();
  }

  /** Bytes that only the log keeps in memory: what was replaced. */
  int footprint() {
    return 300 + (before == null ? 0 : before.footprint());
  }

  @Nullable SharedFrame frames() {
    return frames;
  }

  /** Whether {@code frames} was still what {@code expected} says. */
  boolean replaceFrames(@Nullable SharedFrame expected, @Nullable SharedFrame replacement) {
    return FRAMES.compareAndSet(this, expected, replacement);
  }
}
