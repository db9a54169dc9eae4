package io.multicluster.wire.json;

import io.multicluster.wire.proto.WatchEventType;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;

/** Events of a JSON watch stream: one object on one line each. */
public final class JsonWatchFrames {
  /**
   * As bytes, which are copied at once. Written character by character, their loop of known length
   * was unrolled into every watch, and the C2 compiler of JDK 25.0.3 has crashed on doing so.
   */
  private static final Map<WatchEventType, byte[]> HEADS = new EnumMap<>(WatchEventType.class);

  static {
    for (WatchEventType type : WatchEventType.values()) {
      String head = "{\"type\":\"" + type + "\",\"object\":";
      HEADS.put(type, head.getBytes(StandardCharsets.US_ASCII));
    }
  }

  private JsonWatchFrames() {}

  /** Writes all that comes before the event's object, which has kind and apiVersion. */
  public static void begin(ByteBuf out, WatchEventType type) {
    out.writeBytes(HEADS.get(type));
  }

  /** Writes what comes behind the object. */
  public static void end(ByteBuf out) {
    out.writeByte('}');
    out.writeByte('\n');
  }
}
