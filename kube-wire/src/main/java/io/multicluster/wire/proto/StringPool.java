package io.multicluster.wire.proto;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Turns bytes into strings, and the same bytes into the same string as long as nothing else claimed
 * their place: namespaces, label keys and owners recur in thousands of objects. Of fixed size; a
 * newcomer replaces whoever had its slot.
 *
 * <p>Not thread-safe.
 */
public final class StringPool {
  private static final int LONGEST = 128;

  private final @Nullable String[] slots;

  /**
   * @param size how many strings are held at most, a power of two
   */
  public StringPool(int size) {
    if (Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException("pool size " + size + " is not a power of two");
    }
    slots = new String[size];
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
    int hash = length;
    for (int i = start; i < end; i++) {
      hash = 31 * hash + bytes[i];
    }
    int slot = (hash ^ hash >>> 15) & slots.length - 1;
    String known = slots[slot];
    if (known != null && same(known, bytes, start, length)) {
      return known;
    }
    String text = new String(bytes, start, length, StandardCharsets.UTF_8);
    slots[slot] = text;
    return text;
  }

  private static boolean same(String text, byte[] bytes, int start, int length) {
    if (text.length() != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      // A byte from 0x80 on is negative and equals no char: such text is never shared.
      if (text.charAt(i) != bytes[start + i]) {
        return false;
      }
    }
    return true;
  }
}
