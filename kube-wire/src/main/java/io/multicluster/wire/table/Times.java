package io.multicluster.wire.table;

import io.multicluster.wire.proto.ObjectMeta;
import io.multicluster.wire.proto.ProtoReader;

/** Reads Time and MicroTime messages. An empty message is a time that is not set. */
final class Times {
  static final long NONE = ObjectMeta.NO_TIME;

  private Times() {}

  /** Seconds since 1970 or {@link #NONE}. */
  static long seconds(ProtoReader time) {
    long millis = millis(time);
    return millis == NONE ? NONE : Math.floorDiv(millis, 1000L);
  }

  /** Milliseconds since 1970 or {@link #NONE}. */
  static long millis(ProtoReader time) {
    long seconds = 0;
    long nanos = 0;
    boolean set = false;
    while (time.next()) {
      set = true;
      switch (time.field()) {
        case 1 -> seconds = time.int64();
        case 2 -> nanos = time.int32();
        default -> {}
      }
    }
    return set ? seconds * 1000 + nanos / 1_000_000 : NONE;
  }
}
