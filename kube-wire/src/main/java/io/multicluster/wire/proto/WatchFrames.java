package io.multicluster.wire.proto;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * Frames of a protobuf watch stream: four bytes with the length, then a WatchEvent around an
 * enveloped object. An object of the cache goes out through {@link ObjectSplicer#writeWatchFrame}.
 */
public final class WatchFrames {
  /** As bytes, for the reason that {@link io.multicluster.wire.json.JsonWatchFrames} gives. */
  private static final Map<WatchEventType, byte[]> NAMES = new EnumMap<>(WatchEventType.class);

  static {
    for (WatchEventType type : WatchEventType.values()) {
      NAMES.put(type, type.name().getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static final int TYPE_TAG = 1 << 3 | 2;
  private static final int OBJECT_TAG = 2 << 3 | 2;
  private static final int RAW_TAG = 1 << 3 | 2;

  private WatchFrames() {}

  /** Writes a frame around a body that is enveloped already, such as the Status of an ERROR. */
  public static void write(ByteBuf out, WatchEventType type, byte[] enveloped) {
    writeHead(out, type, enveloped.length);
    out.writeBytes(enveloped);
  }

  /** Writes a frame around a bare object as it is, such as a {@link #bookmarkObject}. */
  public static void write(ByteBuf out, WatchEventType type, Envelope envelope, byte[] object) {
    writeHead(out, type, envelope.size(object.length));
    envelope.write(out, object, 0, object.length);
  }

  /**
   * The object of a bookmark, of any kind, bare: it has nothing but what a bookmark tells. As JSON,
   * transcode it like every other object of its kind.
   *
   * @param initialEventsEnd whether it marks the end of the initial events (KEP-3157)
   */
  public static byte[] bookmarkObject(long resourceVersion, boolean initialEventsEnd) {
    ProtoWriter metadata =
        new ProtoWriter(80).string(ObjectMeta.RESOURCE_VERSION, Long.toString(resourceVersion));
    if (initialEventsEnd) {
      metadata.message(
          ObjectMeta.ANNOTATIONS,
          new ProtoWriter(64).string(1, "k8s.io/initial-events-end").string(2, "true"));
    }
    return new ProtoWriter(80).message(1, metadata).toByteArray();
  }

  /** Writes all of a frame that comes before an enveloped object of the given size. */
  static void writeHead(ByteBuf out, WatchEventType type, long enveloped) {
    byte[] name = Objects.requireNonNull(NAMES.get(type));
    long extension = 1 + ProtoWriter.varintSize(enveloped) + enveloped;
    long event = 2 + name.length + 1 + ProtoWriter.varintSize(extension) + extension;
    out.ensureWritable(Math.toIntExact(4 + event));
    out.writeInt((int) event);
    out.writeByte(TYPE_TAG);
    out.writeByte(name.length);
    out.writeBytes(name);
    out.writeByte(OBJECT_TAG);
    ProtoWriter.writeVarint(out, extension);
    out.writeByte(RAW_TAG);
    ProtoWriter.writeVarint(out, enveloped);
  }
}
