package io.multicluster.wire.json;

import java.util.Arrays;

/**
 * The JSON of an object, and which of its bytes became what: an object that is much alike takes
 * over what the two have in common, see {@link JsonTranscoder#like}. Immutable.
 *
 * <p>A part is a field or item that takes some work to write. The JSON of a part depends on nothing
 * but its type and its bytes, so wherever another object of the same kind has equal bytes in the
 * same field, it has equal JSON. Parts are numbered in the order of JSON, each followed by those
 * that lie within it; part 0 is the object.
 */
public final class JsonSample {
  /** Of what is no part of the sample. */
  static final int NONE = -1;

  private static final int INDEX = 0;
  private static final int START = 1;
  private static final int END = 2;
  private static final int JSON_START = 3;
  private static final int JSON_END = 4;
  private static final int NEXT = 5;
  private static final int WORDS = 6;

  /** Has nothing in common with anything. */
  static final JsonSample NOTHING = new JsonSample(new byte[0], new byte[0], new int[0]);

  private final byte[] object;
  private final byte[] json;
  private final int[] parts;

  private JsonSample(byte[] object, byte[] json, int[] parts) {
    this.object = object;
    this.json = json;
    this.parts = parts;
  }

  /** Bytes of memory that it takes, roughly. */
  public int footprint() {
    return object.length + json.length + parts.length * Integer.BYTES;
  }

  /** The object itself. */
  int root() {
    return parts.length == 0 ? NONE : 0;
  }

  /** The first part that lies within another, if any; of {@link #NONE} none. */
  int within(int part) {
    return part < 0 || parts[part * WORDS + NEXT] == part + 1 ? NONE : part + 1;
  }

  /**
   * The first part of those within {@code parent} whose index is not less than the given one.
   *
   * @param first where to begin: one within {@code parent}, or {@link #NONE}
   */
  int find(int parent, int first, int index) {
    int part = first;
    while (part >= 0 && parts[part * WORDS + INDEX] < index) {
      part = parts[part * WORDS + NEXT];
      if (part == parts[parent * WORDS + NEXT]) {
        return NONE;
      }
    }
    return part;
  }

  boolean hasIndex(int part, int index) {
    return part >= 0 && parts[part * WORDS + INDEX] == index;
  }

  /** Whether a part has the given bytes. */
  boolean same(int part, byte[] source, int start, int end) {
    int at = part * WORDS;
    return part >= 0
        && Arrays.equals(source, start, end, object, parts[at + START], parts[at + END]);
  }

  /** Writes the JSON of a part; returns the position behind. */
  int write(int part, JsonBuffer buffer, int position) {
    int at = part * WORDS;
    return buffer.raw(json, parts[at + JSON_START], parts[at + JSON_END], position);
  }

  /** Notes the parts while an object is written. Not thread-safe. */
  static final class Recorder {
    private int[] parts = new int[64 * WORDS];
    private int count;

    void reset() {
      count = 0;
    }

    /** A part begins; returns its number. */
    int begin(int index, int start, int end, int position) {
      int at = count * WORDS;
      if (at == parts.length) {
        parts = Arrays.copyOf(parts, 2 * at);
      }
      parts[at + INDEX] = index;
      parts[at + START] = start;
      parts[at + END] = end;
      parts[at + JSON_START] = position;
      return count++;
    }

    void end(int part, int position) {
      parts[part * WORDS + JSON_END] = position;
      parts[part * WORDS + NEXT] = count;
    }

    JsonSample sample(byte[] object, byte[] json) {
      return new JsonSample(object, json, Arrays.copyOf(parts, count * WORDS));
    }
  }
}
