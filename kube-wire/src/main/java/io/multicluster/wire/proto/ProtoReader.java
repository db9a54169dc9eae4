package io.multicluster.wire.proto;

import java.nio.charset.StandardCharsets;

/**
 * Walks the fields of one protobuf message in a byte array, without copying: {@code while
 * (r.next()) switch (r.field()) …}. A field that is not asked for is skipped.
 *
 * <p>Not thread-safe; cheap enough to make one per message. Malformed bytes end in {@link
 * MalformedProtoException}, never in an index error.
 */
public final class ProtoReader {
  /** The wire type of strings, bytes and messages. */
  public static final int LENGTH_DELIMITED = 2;

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int FIXED32 = 5;

  private byte[] bytes;
  private int end;
  private int position;
  private int field;
  private int fieldStart;
  private int tagEnd;
  private int wireType;
  private long number;
  private int valueStart;
  private int valueEnd;

  public ProtoReader(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  public ProtoReader(byte[] bytes, int start, int end) {
    this.bytes = bytes;
    reset(bytes, start, end);
  }

  /** Starts over with another message: for code that runs too often to make a reader each time. */
  public void reset(byte[] newBytes, int start, int newEnd) {
    if (start < 0 || newEnd < start || newEnd > newBytes.length) {
      throw new MalformedProtoException(
          "a message from " + start + " to " + newEnd + " in " + newBytes.length + " bytes");
    }
    bytes = newBytes;
    position = start;
    end = newEnd;
  }

  /** Moves to the next field; false at the end of the message. */
  public boolean next() {
    if (position == end) {
      return false;
    }
    fieldStart = position;
    long tag = bytes[position] > 0 ? bytes[position++] : varint();
    field = (int) (tag >>> 3);
    wireType = (int) tag & 7;
    if (field <= 0 || tag >>> 32 != 0) {
      throw new MalformedProtoException("field number " + (tag >>> 3) + " at " + fieldStart);
    }
    tagEnd = position;
    switch (wireType) {
      case VARINT -> {
        valueStart = position;
        number = varint();
        valueEnd = position;
      }
      case FIXED64 -> skip(8);
      case FIXED32 -> skip(4);
      case LENGTH_DELIMITED -> {
        long length = position < end && bytes[position] >= 0 ? bytes[position++] : varint();
        if (length < 0 || length > end - position) {
          throw new MalformedProtoException(
              "field " + field + " of " + length + " bytes at " + fieldStart);
        }
        skip((int) length);
      }
      default -> throw new MalformedProtoException("wire type " + wireType + " at " + fieldStart);
    }
    return true;
  }

  /** The field's number. */
  public int field() {
    return field;
  }

  /**
   * Where the field's tag starts in the array: from here to {@link #valueEnd} is the whole field.
   */
  public int fieldStart() {
    return fieldStart;
  }

  /** Where the tag ends: from here to {@link #valueEnd} is the field without its number. */
  public int tagEnd() {
    return tagEnd;
  }

  /** 0 for a varint, 1 and 5 for eight and four bytes, 2 for what has a length in front. */
  public int wireType() {
    return wireType;
  }

  /** Where the field's content starts: behind the length, for strings, bytes and messages. */
  public int valueStart() {
    return valueStart;
  }

  public int valueEnd() {
    return valueEnd;
  }

  public int valueLength() {
    return valueEnd - valueStart;
  }

  /** The array that all offsets refer to. */
  public byte[] bytes() {
    return bytes;
  }

  public long int64() {
    expect(VARINT);
    return number;
  }

  public int int32() {
    expect(VARINT);
    return (int) number;
  }

  public boolean bool() {
    expect(VARINT);
    return number != 0;
  }

  /** The content as text; invalid UTF-8 becomes U+FFFD. */
  public String string() {
    expect(LENGTH_DELIMITED);
    return new String(bytes, valueStart, valueEnd - valueStart, StandardCharsets.UTF_8);
  }

  /** Like {@link #string()}, for text that recurs. */
  public String string(StringPool pool) {
    expect(LENGTH_DELIMITED);
    return pool.get(bytes, valueStart, valueEnd);
  }

  /** Whether the content is that text, which must be ASCII. */
  public boolean is(String ascii) {
    expect(LENGTH_DELIMITED);
    if (valueEnd - valueStart != ascii.length()) {
      return false;
    }
    for (int i = 0; i < ascii.length(); i++) {
      if (bytes[valueStart + i] != ascii.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * To be called before the offsets of a string, bytes or message field are used.
   *
   * @throws MalformedProtoException if the field is a number
   */
  public void expectLengthDelimited() {
    expect(LENGTH_DELIMITED);
  }

  /** A reader of the message that is this field. */
  public ProtoReader message() {
    expect(LENGTH_DELIMITED);
    return new ProtoReader(bytes, valueStart, valueEnd);
  }

  private void expect(int wanted) {
    if (wireType != wanted) {
      throw new MalformedProtoException(
          "field " + field + " has wire type " + wireType + " instead of " + wanted);
    }
  }

  private void skip(int length) {
    if (length > end - position) {
      throw new MalformedProtoException("field " + field + " ends beyond its message");
    }
    valueStart = position;
    position += length;
    valueEnd = position;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (position == end) {
        throw new MalformedProtoException("a number ends beyond its message");
      }
      byte b = bytes[position++];
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new MalformedProtoException("a number of more than ten bytes at " + position);
  }
}
