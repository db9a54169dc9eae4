package io.multicluster.cache;

import org.jspecify.annotations.Nullable;

/**
 * One change of one object, as the log keeps it.
 *
 * @param resourceVersion minted for this change
 * @param memberVersion the member's resourceVersion of it
 * @param before null if the object was added
 * @param after null if it was deleted
 */
record LogEntry(
    long resourceVersion,
    long memberVersion,
    @Nullable CachedObject before,
    @Nullable CachedObject after) {

  LogEntry {
    if (before == null && after == null) {
      throw new IllegalArgumentException("a change of nothing");
    }
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

  Origin origin() {
    return object().origin();
  }

  /** Bytes that only the log keeps in memory: what was replaced. */
  int footprint() {
    return 300 + (before == null ? 0 : before.footprint());
  }
}
