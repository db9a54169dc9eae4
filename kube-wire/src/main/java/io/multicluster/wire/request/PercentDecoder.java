package io.multicluster.wire.request;

import io.multicluster.wire.status.ApiException;
import java.nio.charset.StandardCharsets;

/** Percent-decoding of paths and of query parts. */
final class PercentDecoder {
  private PercentDecoder() {}

  static String path(String escaped) {
    return escaped.indexOf('%') < 0 ? escaped : decode(escaped, false);
  }

  /** A name or value of a query, where a plus sign stands for a blank. */
  static String query(String escaped) {
    return escaped.indexOf('%') < 0 && escaped.indexOf('+') < 0 ? escaped : decode(escaped, true);
  }

  private static String decode(String escaped, boolean plusIsBlank) {
    byte[] in = escaped.getBytes(StandardCharsets.UTF_8);
    byte[] out = new byte[in.length];
    int length = 0;
    for (int i = 0; i < in.length; i++) {
      byte b = in[i];
      if (b == '%') {
        int high = i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
        int low = i + 2 < in.length ? Character.digit(in[i + 2], 16) : -1;
        if (high < 0 || low < 0) {
          throw ApiException.badRequest(
              "invalid URL escape \""
                  + new String(in, i, Math.min(3, in.length - i), StandardCharsets.UTF_8)
                  + "\"");
        }
        b = (byte) (high << 4 | low);
        i += 2;
      } else if (plusIsBlank && b == '+') {
        b = ' ';
      }
      out[length++] = b;
    }
    return new String(out, 0, length, StandardCharsets.UTF_8);
  }
}
