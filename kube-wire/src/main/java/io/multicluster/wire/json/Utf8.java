package io.multicluster.wire.json;

/** UTF-8 as RFC 3629 and Go allow it: no overlong forms, no surrogates, nothing above U+10FFFF. */
final class Utf8 {
  private Utf8() {}

  /** Bytes of the character beyond ASCII at {@code from}: 2 to 4; 0 if it is invalid or cut off. */
  static int length(byte[] source, int from, int end) {
    int first = source[from] & 0xff;
    int length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length == 0 || end - from < length) {
      return 0;
    }
    int second = source[from + 1] & 0xff;
    int lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    int highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest) {
      return 0;
    }
    for (int i = 2; i < length; i++) {
      if ((source[from + i] & 0xc0) != 0x80) {
        return 0;
      }
    }
    return length;
  }

  /** Whether the three bytes are U+2028 or U+2029, which end lines in JavaScript. */
  static boolean isLineSeparator(byte[] source, int from) {
    return source[from] == (byte) 0xe2
        && source[from + 1] == (byte) 0x80
        && (source[from + 2] & 0xfe) == 0xa8;
  }
}
