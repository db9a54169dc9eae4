package io.multicluster.wire.proto;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Builds one protobuf message in memory, field by field in the order of the calls. Values are
 * written even if they are zero or empty, as Kubernetes writes fields that are not pointers.
 *
 * <p>Not thread-safe. For objects that are only passed on see {@link ObjectSplicer}.
 */
public final class ProtoWriter {
  private static final int VARINT = 0;
  private static final int LENGTH_DELIMITED = 2;

  private byte[] bytes;
  private int size;

  public ProtoWriter() {
    this(256);
  }

  public ProtoWriter(int expectedSize) {
    bytes = new byte[Math.max(16, expectedSize)];
  }

  /** How many bytes {@code value} takes as a varint: 1 to 10, negative ones always 10. */
  public static int varintSize(long value) {
    return (Long.SIZE - Long.numberOfLeadingZeros(value | 1) + 6) / 7;
  }

  public static void writeVarint(ByteBuf out, long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.writeByte((int) rest | 0x80);
      rest >>>= 7;
    }
    out.writeByte((int) rest);
  }

  /** Writes at {@code position} and returns the position behind. */
  static int putVarint(byte[] target, int position, long value) {
    int at = position;
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      target[at++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    target[at++] = (byte) rest;
    return at;
  }

  public ProtoWriter string(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  public ProtoWriter bytes(int field, byte[] value) {
    return bytes(field, value, 0, value.length);
  }

  /** Also for a message that is there as bytes. */
  public ProtoWriter bytes(int field, byte[] source, int start, int end) {
    tag(field, LENGTH_DELIMITED);
    varint(end - start);
    return raw(source, start, end);
  }

  public ProtoWriter message(int field, ProtoWriter content) {
    return bytes(field, content.bytes, 0, content.size);
  }

  /** For every signed and unsigned integer type; Kubernetes has no zigzag fields. */
  public ProtoWriter int64(int field, long value) {
    tag(field, VARINT);
    varint(value);
    return this;
  }

  public ProtoWriter bool(int field, boolean value) {
    return int64(field, value ? 1 : 0);
  }

  /** Appends bytes as they are, such as whole fields of another message. */
  public ProtoWriter raw(byte[] source, int start, int end) {
    room(end - start);
    System.arraycopy(source, start, bytes, size, end - start);
    size += end - start;
    return this;
  }

  public int size() {
    return size;
  }

  public byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  public void writeTo(ByteBuf out) {
    out.writeBytes(bytes, 0, size);
  }

  private void tag(int field, int wireType) {
    varint((long) field << 3 | wireType);
  }

  private void varint(long value) {
    room(10);
    size = putVarint(bytes, size, value);
  }

  private void room(int more) {
    if (bytes.length - size < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
    }
  }
}
