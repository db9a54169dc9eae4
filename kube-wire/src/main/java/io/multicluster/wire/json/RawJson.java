package io.multicluster.wire.json;

/**
 * Puts JSON that is there as bytes (managed fields, raw extensions) into other JSON as Go does:
 * without white space, with markup escaped. Checks the grammar on the way, so that what one member
 * sent can't break the list it stands in.
 */
final class RawJson {
  /** Go's decoder allows more, but no managed fields come near. */
  private static final int MAX_DEPTH = 500;

  private final JsonBuffer buffer;
  private byte[] source = new byte[0];
  private int end;
  private int from;
  private int to;
  private int depth;

  RawJson(JsonBuffer buffer) {
    this.buffer = buffer;
  }

  /**
   * Writes {@code newSource[start, newEnd)}.
   *
   * @return the position behind; -1 if it is not one JSON value
   */
  int write(byte[] newSource, int start, int newEnd, int position) {
    source = newSource;
    from = start;
    end = newEnd;
    to = position;
    depth = 0;
    room();
    boolean valid = value();
    source = JsonBuffer.NULL;
    return valid && from == end ? to : -1;
  }

  /**
   * From here on the rest can be copied unchecked; whoever writes more than it reads asks again.
   */
  private void room() {
    buffer.ensure(to, end - from + JsonBuffer.MAX_ESCAPE + Long.BYTES);
  }

  /** One value and the white space around it. */
  private boolean value() {
    boolean valid =
        switch (next()) {
          case '{' -> members(true);
          case '[' -> members(false);
          case '"' -> string();
          case 't' -> literal(JsonBuffer.TRUE);
          case 'f' -> literal(JsonBuffer.FALSE);
          case 'n' -> literal(JsonBuffer.NULL);
          default -> number();
        };
    next();
    return valid;
  }

  /** An object or an array, whose first bracket is next. */
  private boolean members(boolean object) {
    int closing = object ? '}' : ']';
    copy();
    if (++depth > MAX_DEPTH) {
      return false;
    }
    if (next() != closing) {
      while (true) {
        if (object && !(next() == '"' && string() && next() == ':')) {
          return false;
        }
        if (object) {
          copy();
        }
        if (!value()) {
          return false;
        }
        int separator = next();
        if (separator == closing) {
          break;
        }
        if (separator != ',') {
          return false;
        }
        copy();
      }
    }
    copy();
    depth--;
    return true;
  }

  private boolean string() {
    copy();
    while (from < end) {
      long word = JsonBuffer.load(source, from);
      JsonBuffer.LONG.set(buffer.bytes, to, word);
      int plain = Math.min(end - from, Long.numberOfTrailingZeros(JsonBuffer.special(word)) >>> 3);
      from += plain;
      to += plain;
      if (plain == Long.BYTES || from == end) {
        continue;
      }
      int b = source[from];
      if (b == '"') {
        copy();
        return true;
      }
      if (b == '\\') {
        if (!escape()) {
          return false;
        }
      } else if (b >= 0 && b < ' ') {
        return false;
      } else if (b >= 0) {
        to = JsonBuffer.unicodeEscape(buffer.bytes, to, b);
        from++;
        room();
      } else if (end - from >= 3 && Utf8.isLineSeparator(source, from)) {
        to = JsonBuffer.unicodeEscape(buffer.bytes, to, 0x2020 | (source[from + 2] & 0xf));
        from += 3;
        room();
      } else {
        copy();
      }
    }
    return false;
  }

  private boolean escape() {
    copy();
    if (from == end) {
      return false;
    }
    int hexDigits =
        switch (source[from]) {
          case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> 0;
          case 'u' -> 4;
          default -> -1;
        };
    if (hexDigits < 0 || end - from <= hexDigits) {
      return false;
    }
    copy();
    for (int i = 0; i < hexDigits; i++) {
      if (Character.digit(source[from], 16) < 0) {
        return false;
      }
      copy();
    }
    return true;
  }

  private boolean literal(byte[] text) {
    for (byte b : text) {
      if (from == end || source[from] != b) {
        return false;
      }
      copy();
    }
    return true;
  }

  private boolean number() {
    copyIf('-', '-');
    if (!copyIf('0', '0') && !digits()) {
      return false;
    }
    if (copyIf('.', '.') && !digits()) {
      return false;
    }
    if (copyIf('e', 'E')) {
      copyIf('+', '-');
      return digits();
    }
    return true;
  }

  private boolean digits() {
    int start = from;
    while (from < end && source[from] >= '0' && source[from] <= '9') {
      copy();
    }
    return from > start;
  }

  private boolean copyIf(int one, int other) {
    if (from < end && (source[from] == one || source[from] == other)) {
      copy();
      return true;
    }
    return false;
  }

  private void copy() {
    buffer.bytes[to++] = source[from++];
  }

  /** Skips white space; the byte that is next then, -1 at the end. */
  private int next() {
    while (from < end) {
      int b = source[from];
      if (b > ' ' || b < 0) {
        return b;
      }
      if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
        return b;
      }
      from++;
    }
    return -1;
  }
}
