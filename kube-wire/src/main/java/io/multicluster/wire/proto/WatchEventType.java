package io.multicluster.wire.proto;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** What a watch event says. */
public enum WatchEventType {
  ADDED,
  MODIFIED,
  DELETED,
  /** Only the object's resourceVersion, and perhaps an annotation, mean something. */
  BOOKMARK,
  /** The object is a {@code v1 Status}; the last event of its watch. */
  ERROR;

  private static final List<WatchEventType> ALL = List.of(values());

  static WatchEventType read(byte[] bytes) {
    String text = new String(bytes, 0, Math.min(bytes.length, 40), StandardCharsets.UTF_8);
    for (WatchEventType type : ALL) {
      if (type.name().equals(text)) {
        return type;
      }
    }
    throw new MalformedProtoException("a watch event of type \"" + text + "\"");
  }
}
