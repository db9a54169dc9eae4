package io.multicluster.wire.proto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Turns bytes into strings, and the same bytes into the same string as long as nothing else claimed
 * their place: namespaces, label keys and owners recur in thousands of objects. Of fixed size.
 *
 * <p>Each text has two places. A newcomer takes the second and gets the first when it is asked for
 * again, so what never recurs does not drive out what does, nor do two that recur each other.
 *
 * <p>Not thread-safe.
 */
public final class StringPool {
  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long MIX = 0x9E37_79B9_7F4A_7C15L;
  private static final int LONGEST = 128;

  private final @Nullable Text[] places;

  /** What equal bytes are found by; a string's characters are slower to compare with them. */
  private record Text(byte[] bytes, String string) {}

  /**
   * @param size how many strings are held at most, a power of two from 2 on
   */
  public StringPool(int size) {
    if (size < 2 || Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException("pool size " + size + " is no power of two from 2 on");
    }
    places = new Text[size];
  }

  /** The text of {@code bytes[start, end)}; invalid UTF-8 becomes U+FFFD. */
  public String get(byte[] bytes, int start, int end) {
    int length = end - start;
    if (length == 0) {
      return "";
    }
    if (length > LONGEST) {
      return new String(bytes, start, length, StandardCharsets.UTF_8);
    }
    int first = (int) (hash(bytes, start, end) >>> Integer.SIZE) & places.length - 2;
    Text known = places[first];
    if (known != null && holds(known, bytes, start, end)) {
      return known.string;
    }
    Text other = places[first + 1];
    if (other != null && holds(other, bytes, start, end)) {
      places[first] = other;
      places[first + 1] = known;
      return other.string;
    }
    Text made =
        new Text(
            Arrays.copyOfRange(bytes, start, end),
            new String(bytes, start, length, StandardCharsets.UTF_8));
    places[known == null ? first : first + 1] = made;
    return made.string;
  }

  private static boolean holds(Text text, byte[] bytes, int start, int end) {
    return Arrays.equals(text.bytes, 0, text.bytes.length, bytes, start, end);
  }

  private static long hash(byte[] bytes, int start, int end) {
    long hash = MIX;
    int at = start;
    for (; at + Long.BYTES <= end; at += Long.BYTES) {
      hash = mix(hash ^ (long) WORD.get(bytes, at));
    }
    long rest = 0;
    for (; at < end; at++) {
      rest = (rest << Byte.SIZE) | (bytes[at] & 0xff);
    }
    return mix(hash ^ rest);
  }

  private static long mix(long value) {
    long product = value * MIX;
    return product ^ (product >>> Integer.SIZE);
  }
}
