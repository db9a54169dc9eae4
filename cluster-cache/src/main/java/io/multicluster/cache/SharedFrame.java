package io.multicluster.cache;

import io.multicluster.wire.proto.WatchEventType;
import org.jspecify.annotations.Nullable;

/**
 * An event as it goes to all watches of one form. On the heap: nobody counts references to it, and
 * event loops that send the same frame at the same time do not meet.
 *
 * @param sharing see {@link ObjectForm#sharing}
 * @param next another frame of the same event
 */
record SharedFrame(Object sharing, WatchEventType type, byte[] bytes, @Nullable SharedFrame next) {

  /** This or one of those behind it. */
  @Nullable SharedFrame find(Object wantedSharing, WatchEventType wantedType) {
    for (SharedFrame frame = this; frame != null; frame = frame.next) {
      if (frame.sharing.equals(wantedSharing) && frame.type == wantedType) {
        return frame;
      }
    }
    return null;
  }
}
