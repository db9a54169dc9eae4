package io.multicluster.wire.table;

/** IPv4 addresses as numbers. */
final class Ipv4 {
  private Ipv4() {}

  /**
   * The address; 0 for a text that is none, or would not come back the same, or is {@code 0.0.0.0}.
   */
  static int parse(String text) {
    int address = 0;
    int part = 0;
    int digits = 0;
    int dots = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= '0' && c <= '9') {
        if (digits > 0 && part == 0) {
          return 0;
        }
        part = part * 10 + c - '0';
        digits++;
        if (part > 255) {
          return 0;
        }
      } else if (c == '.' && digits > 0 && dots < 3) {
        address = (address << 8) | part;
        part = 0;
        digits = 0;
        dots++;
      } else {
        return 0;
      }
    }
    return dots == 3 && digits > 0 ? (address << 8) | part : 0;
  }

  static String text(int address) {
    return (address >>> 24)
        + "."
        + ((address >>> 16) & 0xff)
        + "."
        + ((address >>> 8) & 0xff)
        + "."
        + (address & 0xff);
  }
}
