package io.multicluster.cache;

import io.multicluster.wire.proto.WatchFrames;

/**
 * A bookmark of a watch: everything up to this position has been sent.
 *
 * @param initialEventsEnd whether it also says that the initial state is complete (KEP-3157)
 */
record Bookmark(long resourceVersion, boolean initialEventsEnd) {
  static final String INITIAL_EVENTS_END = "k8s.io/initial-events-end";

  /** The object in protobuf: of any kind, as all have their metadata in the same place. */
  byte[] object() {
    return WatchFrames.bookmarkObject(resourceVersion, initialEventsEnd);
  }
}
