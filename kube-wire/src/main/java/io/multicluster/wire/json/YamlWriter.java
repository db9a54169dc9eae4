package io.multicluster.wire.json;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Set;

/**
 * Rewrites compact JSON as YAML in block style, members in the order of the JSON. The JSON may come
 * in parts, cut anywhere.
 *
 * <p>A text that could be taken for something else keeps the quotes that it has in JSON: their
 * escapes are YAML's as well. Not thread-safe; one per body.
 */
public final class YamlWriter {
  /** What some reader of YAML takes for a boolean or for null, in lower case. */
  private static final Set<String> WORDS =
      Set.of("y", "n", "yes", "no", "on", "off", "true", "false", "null");

  /** A text that grows longer is quoted and need not be held any more. */
  private static final int LONGEST_PLAIN = 128;

  private static final byte FIRST_OF_C1 = (byte) 0xc2;

  /** What comes next, by what stands before it on its line. */
  private enum Slot {
    /** The document's only value. */
    START,
    /** A value behind a dash and a blank. */
    ELEMENT,
    /** A member's name. */
    NAME,
    /** A value behind a name and a colon. */
    MEMBER
  }

  /** An open object or array, whose items start at {@code column}. */
  private record Container(boolean array, Slot slot, int column) {}

  private final Deque<Container> containers = new ArrayDeque<>();
  private Slot slot = Slot.START;

  /** Whether the innermost container has no item yet. */
  private boolean opened;

  private boolean inLiteral;
  private boolean inString;
  private boolean escaped;
  private boolean quoted;
  private boolean heldC1;
  private final byte[] text = new byte[LONGEST_PLAIN];
  private int textLength;

  /** Reads all of {@code compact}, which has no white space outside of strings. */
  public void write(ByteBuf compact, ByteBuf out) {
    while (compact.isReadable()) {
      byte b = compact.readByte();
      if (inString) {
        string(b, out);
      } else {
        token(b, out);
      }
    }
  }

  /** Ends the document; to be called once. */
  public void end(ByteBuf out) {
    out.writeByte('\n');
  }

  private void token(byte b, ByteBuf out) {
    switch (b) {
      case '{', '[' -> {
        firstItem(out);
        containers.push(new Container(b == '[', slot, column(b == '[')));
        opened = true;
      }
      case '}', ']' -> {
        Container container = containers.pop();
        if (opened) {
          blank(out);
          ascii(out, container.array ? "[]" : "{}");
        }
        opened = false;
        inLiteral = false;
      }
      case ',' -> {
        inLiteral = false;
        nextItem(out);
      }
      case ':' -> {
        out.writeByte(':');
        slot = Slot.MEMBER;
      }
      case '"' -> {
        firstItem(out);
        inString = true;
        quoted = false;
        textLength = 0;
      }
      default -> {
        if (!inLiteral) {
          firstItem(out);
          blank(out);
          inLiteral = true;
        }
        out.writeByte(b);
      }
    }
  }

  private int column(boolean array) {
    Container parent = containers.peek();
    if (parent == null) {
      return 0;
    }
    // Arrays stand right below the name that they belong to.
    return array && slot == Slot.MEMBER ? parent.column : parent.column + 2;
  }

  /** If a container was just opened, goes to where its first item stands. */
  private void firstItem(ByteBuf out) {
    if (!opened) {
      return;
    }
    opened = false;
    Container container = containers.element();
    if (container.slot == Slot.MEMBER) {
      line(out, container.column);
    }
    item(out, container);
  }

  private void nextItem(ByteBuf out) {
    Container container = containers.element();
    line(out, container.column);
    item(out, container);
  }

  private void item(ByteBuf out, Container container) {
    if (container.array) {
      out.writeByte('-').writeByte(' ');
      slot = Slot.ELEMENT;
    } else {
      slot = Slot.NAME;
    }
  }

  private void string(byte b, ByteBuf out) {
    if (!escaped && b == '"') {
      inString = false;
      if (!quoted && isPlain()) {
        blank(out);
        out.writeBytes(text, 0, textLength);
      } else {
        quote(out);
        out.writeByte('"');
      }
      return;
    }
    escaped = !escaped && b == '\\';
    if (!quoted && textLength < text.length) {
      text[textLength++] = b;
      return;
    }
    quote(out);
    inQuotes(b, out);
  }

  /** Writes what was held back of a text, in quotes that are left open. */
  private void quote(ByteBuf out) {
    if (!quoted) {
      quoted = true;
      blank(out);
      out.writeByte('"');
      for (int i = 0; i < textLength; i++) {
        inQuotes(text[i], out);
      }
    }
  }

  /** YAML wants control characters beyond those of ASCII's first rows escaped too. */
  private void inQuotes(byte b, ByteBuf out) {
    if (heldC1) {
      heldC1 = false;
      if (b < (byte) 0xa0) {
        ascii(out, String.format(Locale.ROOT, "\\x%02x", b & 0xff));
        return;
      }
      out.writeByte(FIRST_OF_C1);
    }
    if (b == FIRST_OF_C1) {
      heldC1 = true;
    } else if (b == 0x7f) {
      ascii(out, "\\x7f");
    } else {
      out.writeByte(b);
    }
  }

  private boolean isPlain() {
    if (textLength == 0 || !isLetter(text[0]) || text[textLength - 1] == ':') {
      return false;
    }
    for (int i = 1; i < textLength; i++) {
      byte b = text[i];
      if (!isLetter(b) && !(b >= '-' && b <= ':') && b != '_') {
        return false;
      }
    }
    return textLength > 5
        || !WORDS.contains(
            new String(text, 0, textLength, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT));
  }

  private static boolean isLetter(byte b) {
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
  }

  private void blank(ByteBuf out) {
    if (slot == Slot.MEMBER) {
      out.writeByte(' ');
    }
  }

  private static void line(ByteBuf out, int column) {
    out.writeByte('\n');
    for (int i = 0; i < column; i++) {
      out.writeByte(' ');
    }
  }

  private static void ascii(ByteBuf out, String text) {
    out.writeCharSequence(text, StandardCharsets.US_ASCII);
  }
}
