package io.multicluster.wire.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * JSON tokens into a growing array, written exactly as Go's {@code encoding/json} writes them. Each
 * method takes the position to write at and returns the one behind, so that hot code keeps it in a
 * register; each leaves {@link #SLACK} bytes free behind what it wrote, so that separators need no
 * check.
 */
final class JsonBuffer {
  /** More than any number of brackets and commas that are written without a check. */
  static final int SLACK = 256;

  static final byte[] NULL = ascii("null");
  static final byte[] TRUE = ascii("true");
  static final byte[] FALSE = ascii("false");

  private static final int INITIAL_SIZE = 64 << 10;

  /** An array that one big object made larger than this is not kept. */
  private static final int MAX_KEPT_SIZE = 1 << 20;

  static final int MAX_ESCAPE = 6;
  private static final int MAX_DIGITS = 20;

  /** Year of any number of seconds, and the rest. */
  private static final int MAX_TIME = 48;

  static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  static final long ONES = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;

  private static final byte[] HEX = ascii("0123456789abcdef");
  private static final byte[] REPLACEMENT = ascii("\\ufffd");
  private static final byte[] MIN_LONG = ascii("-9223372036854775808");

  private final int initialSize;
  byte[] bytes;

  JsonBuffer() {
    this(INITIAL_SIZE);
  }

  /**
   * @param initialSize which the array is cut back to after a big body
   */
  JsonBuffer(int initialSize) {
    this.initialSize = initialSize;
    this.bytes = new byte[initialSize];
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Makes room for {@code length} bytes at {@code position}, and the slack. */
  void ensure(int position, int length) {
    if (bytes.length - position - SLACK < length) {
      long needed = (long) position + length + SLACK;
      bytes = Arrays.copyOf(bytes, Math.toIntExact(Math.max(needed, bytes.length * 3L / 2)));
    }
  }

  /** To be called between two bodies. */
  void trim() {
    if (bytes.length > MAX_KEPT_SIZE) {
      bytes = new byte[initialSize];
    }
  }

  /** Writes bytes as they are. */
  int raw(byte[] source, int start, int end, int position) {
    int length = end - start;
    ensure(position, length);
    System.arraycopy(source, start, bytes, position, length);
    return position + length;
  }

  int raw(byte[] source, int position) {
    return raw(source, 0, source.length, position);
  }

  /** Prepares text for {@link #words(long[], int, int)}, filled up to whole words. */
  static long[] words(byte[] text) {
    byte[] padded = Arrays.copyOf(text, (text.length + 7) & -Long.BYTES);
    long[] words = new long[padded.length / Long.BYTES];
    for (int i = 0; i < words.length; i++) {
      words[i] = (long) LONG.get(padded, i * Long.BYTES);
    }
    return words;
  }

  /** Writes the first {@code length} bytes of prepared text, eight at a time. */
  int words(long[] words, int length, int position) {
    ensure(position, length + Long.BYTES);
    byte[] target = bytes;
    int to = position;
    for (long word : words) {
      LONG.set(target, to, word);
      to += Long.BYTES;
    }
    return position + length;
  }

  int bool(boolean value, int position) {
    return raw(value ? TRUE : FALSE, position);
  }

  int number(long value, int position) {
    ensure(position, MAX_DIGITS);
    if (value == Long.MIN_VALUE) {
      return raw(MIN_LONG, position);
    }
    byte[] target = bytes;
    int to = position;
    long rest = value;
    if (rest < 0) {
      target[to++] = '-';
      rest = -rest;
    }
    int end = to + 1;
    for (long more = rest / 10; more != 0; more /= 10) {
      end++;
    }
    for (int i = end - 1; i >= to; i--) {
      target[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    return end;
  }

  /** Writes UTF-8 text in quotes; each byte that is not valid becomes an escaped U+FFFD. */
  int string(byte[] source, int start, int end, int position) {
    ensure(position, end - start + 2 + Long.BYTES);
    byte[] target = bytes;
    int to = position;
    target[to++] = '"';
    int from = start;
    while (from < end) {
      // Copies eight bytes, of which those before the first special one are right already.
      long word = load(source, from);
      LONG.set(target, to, word);
      int plain = Long.numberOfTrailingZeros(special(word)) >>> 3;
      int rest = end - from;
      if (plain >= rest) {
        to += rest;
        break;
      }
      from += plain;
      to += plain;
      if (plain < Long.BYTES) {
        ensure(to, rest + MAX_ESCAPE + 2 + Long.BYTES);
        target = bytes;
        if (source[from] >= 0) {
          to = escape(target, to, source[from++]);
        } else {
          int length = Utf8.length(source, from, end);
          to = sequence(target, to, source, from, length);
          from += Math.max(1, length);
        }
      }
    }
    target[to++] = '"';
    return to;
  }

  /**
   * The highest bit of a byte is set for the first byte, counted from the lowest, that a string
   * can't have as it is: control characters, quotes, backslashes, what HTML takes for markup, and
   * all but ASCII. Bits above the first may be wrong.
   */
  static long special(long word) {
    long quoteOrAmpersand = (word | (0x04 * ONES)) ^ (0x26 * ONES);
    long angle = (word | (0x02 * ONES)) ^ (0x3e * ONES);
    long backslash = word ^ (0x5c * ONES);
    return (((word - 0x20 * ONES) & ~word)
            | ((quoteOrAmpersand - ONES) & ~quoteOrAmpersand)
            | ((angle - ONES) & ~angle)
            | ((backslash - ONES) & ~backslash)
            | word)
        & HIGH_BITS;
  }

  /** Eight bytes; zeros where the array ends. */
  static long load(byte[] source, int from) {
    if (source.length - from >= Long.BYTES) {
      return (long) LONG.get(source, from);
    }
    long word = 0;
    for (int i = source.length - 1; i >= from; i--) {
      word = (word << 8) | (source[i] & 0xff);
    }
    return word;
  }

  private static int escape(byte[] target, int position, int ascii) {
    int letter =
        switch (ascii) {
          case '"', '\\' -> ascii;
          case '\b' -> 'b';
          case '\f' -> 'f';
          case '\n' -> 'n';
          case '\r' -> 'r';
          case '\t' -> 't';
          default -> 0;
        };
    if (letter == 0) {
      return unicodeEscape(target, position, ascii);
    }
    target[position] = '\\';
    target[position + 1] = (byte) letter;
    return position + 2;
  }

  static int unicodeEscape(byte[] target, int position, int codeUnit) {
    target[position] = '\\';
    target[position + 1] = 'u';
    for (int i = 0; i < 4; i++) {
      target[position + 2 + i] = HEX[(codeUnit >>> (12 - 4 * i)) & 0xf];
    }
    return position + MAX_ESCAPE;
  }

  /** Writes a character beyond ASCII. */
  private static int sequence(byte[] target, int position, byte[] source, int from, int length) {
    if (length == 0) {
      System.arraycopy(REPLACEMENT, 0, target, position, MAX_ESCAPE);
      return position + MAX_ESCAPE;
    }
    if (length == 3 && Utf8.isLineSeparator(source, from)) {
      return unicodeEscape(target, position, 0x2020 | (source[from + 2] & 0xf));
    }
    for (int i = 0; i < length; i++) {
      target[position + i] = source[from + i];
    }
    return position + length;
  }

  /** Writes {@code "2006-01-02T15:04:05Z"}, from seconds since 1970. */
  int time(long seconds, int position) {
    ensure(position, MAX_TIME);
    int to = timeToSeconds(seconds, position);
    bytes[to++] = 'Z';
    bytes[to++] = '"';
    return to;
  }

  /**
   * Writes {@code "2006-01-02T15:04:05.000000Z"}.
   *
   * @param micros of the second, below a million
   */
  int microTime(long seconds, int micros, int position) {
    ensure(position, MAX_TIME);
    int to = timeToSeconds(seconds, position);
    bytes[to++] = '.';
    to = twoDigits(micros / 10_000, to);
    to = twoDigits(micros / 100 % 100, to);
    to = twoDigits(micros % 100, to);
    bytes[to++] = 'Z';
    bytes[to++] = '"';
    return to;
  }

  private int timeToSeconds(long seconds, int position) {
    long day = Math.floorDiv(seconds, 86_400L);
    int second = (int) Math.floorMod(seconds, 86_400L);
    // Days since 0000-03-01, so that a leap day is the last of its year and 400 years are alike.
    long shifted = day + 719_468;
    long era = Math.floorDiv(shifted, 146_097L);
    int dayOfEra = (int) (shifted - era * 146_097);
    int yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
    int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    int month = (5 * dayOfYear + 2) / 153;
    int dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1;
    long year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0);

    int to = position;
    bytes[to++] = '"';
    if (year >= 0 && year <= 9999) {
      to = twoDigits((int) year / 100, to);
      to = twoDigits((int) year % 100, to);
    } else {
      to = number(year, to);
    }
    bytes[to++] = '-';
    to = twoDigits(month < 10 ? month + 3 : month - 9, to);
    bytes[to++] = '-';
    to = twoDigits(dayOfMonth, to);
    bytes[to++] = 'T';
    to = twoDigits(second / 3600, to);
    bytes[to++] = ':';
    to = twoDigits(second / 60 % 60, to);
    bytes[to++] = ':';
    return twoDigits(second % 60, to);
  }

  private int twoDigits(int value, int position) {
    bytes[position] = (byte) ('0' + value / 10);
    bytes[position + 1] = (byte) ('0' + value % 10);
    return position + 2;
  }
}
