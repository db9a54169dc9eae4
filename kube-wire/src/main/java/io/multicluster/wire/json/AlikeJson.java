package io.multicluster.wire.json;

import java.util.Arrays;

/**
 * Tells that JSON is valid since it differs from other that is known to be only in the characters
 * of one string: the managed fields of two pods of one owner, of which one names another address.
 * Much cheaper than to check the grammar of all of it.
 */
final class AlikeJson {
  /** Of a character that is escaped by its number. */
  private static final int NUMBERED = 6;

  private static final long LOW_BITS = 0x7f7f7f7f7f7f7f7fL;

  private AlikeJson() {}

  /**
   * @param valid holds an object of JSON, and nothing else, in {@code [validStart, validEnd)}
   * @return false if only the grammar can tell
   */
  static boolean valid(
      byte[] json, int start, int end, byte[] valid, int validStart, int validEnd) {
    int equal = Arrays.mismatch(json, start, end, valid, validStart, validEnd);
    return equal < 0
        || (isInString(json, start, start + equal)
            && Arrays.equals(
                json,
                plainUntil(json, start + equal, end),
                end,
                valid,
                plainUntil(valid, validStart + equal, validEnd),
                validEnd));
  }

  /** Up to where all characters stand for themselves in a string. */
  private static int plainUntil(byte[] json, int from, int end) {
    int at = from;
    while (at < end) {
      int plain = Long.numberOfTrailingZeros(JsonBuffer.special(JsonBuffer.load(json, at))) >>> 3;
      at += plain;
      if (plain < Long.BYTES) {
        break;
      }
    }
    return Math.min(at, end);
  }

  /**
   * Whether what follows a part of valid JSON is within a string, and not within an escaped
   * character: an odd number of quotes was not escaped. False too where a backslash is escaped,
   * which is rare.
   */
  private static boolean isInString(byte[] json, int start, int end) {
    for (int i = Math.max(start, end - NUMBERED + 1); i < end; i++) {
      if (json[i] == '\\' && (i + 1 == end || json[i + 1] == 'u')) {
        return false;
      }
    }
    int quotes = 0;
    long escapedFirst = 0;
    for (int at = start; at < end; at += Long.BYTES) {
      long word = JsonBuffer.load(json, at);
      if (end - at < Long.BYTES) {
        word &= (1L << (Byte.SIZE * (end - at))) - 1;
      }
      long backslashes = bytes('\\', word);
      long escaped = (backslashes << Byte.SIZE) | escapedFirst;
      if ((backslashes & escaped) != 0) {
        return false;
      }
      quotes += Long.bitCount(bytes('"', word) & ~escaped);
      escapedFirst = backslashes >>> (Long.SIZE - Byte.SIZE);
    }
    return (quotes & 1) == 1;
  }

  /** The highest bit of each byte of a word that is that character. */
  private static long bytes(char character, long word) {
    long others = word ^ (character * JsonBuffer.ONES);
    return ~(((others & LOW_BITS) + LOW_BITS) | others | LOW_BITS);
  }
}
