package io.multicluster.wire.json;

import io.multicluster.wire.proto.WatchEventType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

/** Events of a JSON watch stream: one object on one line each. */
public final class JsonWatchFrames {
  private JsonWatchFrames() {}

  /** Writes all that comes before the event's object, which has kind and apiVersion. */
  public static void begin(ByteBuf out, WatchEventType type) {
    ByteBufUtil.writeAscii(out, "{\"type\":\"");
    ByteBufUtil.writeAscii(out, type.name());
    ByteBufUtil.writeAscii(out, "\",\"object\":");
  }

  /** Writes what comes behind the object. */
  public static void end(ByteBuf out) {
    out.writeByte('}');
    out.writeByte('\n');
  }
}
