package io.multicluster.wire.json;

import org.jspecify.annotations.Nullable;

/**
 * How one field of a message is written as JSON. The codes are plain numbers, for the switch of the
 * inner loop.
 */
final class FieldType {
  static final int STRING = 0;
  static final int BOOL = 1;
  static final int INTEGER = 2;
  static final int BYTES = 3;
  static final int MESSAGE = 4;
  static final int TIME = 5;
  static final int MICRO_TIME = 6;
  static final int QUANTITY = 7;
  static final int INT_OR_STRING = 8;
  static final int RAW = 9;
  static final int STRINGS = 10;

  static final int SINGLE = 0;
  static final int REPEATED = 1;
  static final int MAP = 2;

  final String jsonName;

  /** In protobuf. */
  final int number;

  /** One of the codes from {@link #STRING} to {@link #STRINGS}: of the value, item or map value. */
  final int type;

  /** {@link #SINGLE}, {@link #REPEATED} or {@link #MAP}. */
  final int container;

  /** Whether a zero value that is on the wire is left out. */
  final boolean omitZero;

  /** Whether a field that is not on the wire is written all the same. */
  final boolean always;

  /** Whether it is {@code null} then, and not its zero value. */
  final boolean nullIfAbsent;

  /** Of a {@link #MESSAGE}. */
  final @Nullable MessageType message;

  /** Members that messages of this field have in front, ending in a comma; empty if none. */
  final byte[] typeMeta;

  /** {@code "name":} for {@link JsonBuffer#words(long[], int, int)}. */
  final long[] name;

  final int nameLength;

  /**
   * @param flags {@code o} for omitempty, {@code z} for omitzero, {@code p} for a pointer
   */
  FieldType(
      String jsonName,
      int number,
      int type,
      int container,
      String flags,
      @Nullable MessageType message,
      byte[] typeMeta) {
    this.jsonName = jsonName;
    this.number = number;
    this.type = type;
    this.container = container;
    this.message = message;
    this.typeMeta = typeMeta;
    boolean omitEmpty = flags.contains("o");
    boolean pointer = flags.contains("p");
    boolean single = container == SINGLE && !pointer;
    boolean omittable =
        switch (type) {
          case STRING, BOOL, INTEGER, BYTES, STRINGS -> true;
          default -> false; // A struct is never empty to Go's encoder.
        };
    boolean omitted = single ? omitEmpty && omittable : omitEmpty;
    this.omitZero = single && (omitted || flags.contains("z"));
    this.always = !omitted && !flags.contains("z");
    this.nullIfAbsent = !single || type == BYTES || type == STRINGS || type == RAW;
    byte[] text = JsonBuffer.ascii("\"" + jsonName + "\":");
    this.name = JsonBuffer.words(text);
    this.nameLength = text.length;
  }

  boolean isMessage() {
    return type == MESSAGE;
  }

  /** Whether it takes so much work to write that it is worth comparing it with a sample's. */
  boolean isPart() {
    return container != SINGLE || type == MESSAGE || type == RAW;
  }

  /** The wire type of values; repeated integers may also come packed. */
  int wireType() {
    return container == SINGLE && (type == BOOL || type == INTEGER) ? 0 : 2;
  }
}
