package io.multicluster.wire.json;

import io.netty.buffer.ByteBuf;

/**
 * Indents compact JSON by two blanks a level, as kube-apiserver does for {@code pretty}. The JSON
 * may come in parts, cut anywhere; what is white space outside of strings is left alone.
 *
 * <p>Not thread-safe; one per body.
 */
public final class JsonIndenter {
  private int depth;
  private boolean inString;
  private boolean escaped;

  /** Whether a bracket was opened and nothing written since: an empty pair stays on one line. */
  private boolean opened;

  /** Reads all of {@code compact}; releases neither buffer. */
  public void indent(ByteBuf compact, ByteBuf out) {
    while (compact.isReadable()) {
      byte b = compact.readByte();
      if (inString) {
        out.writeByte(b);
        inString = escaped || b != '"';
        escaped = b == '\\' && !escaped;
      } else {
        token(b, out);
      }
    }
  }

  private void token(byte b, ByteBuf out) {
    if (opened && b != '}' && b != ']') {
      depth++;
      newLine(out);
    }
    boolean wasOpened = opened;
    opened = false;
    switch (b) {
      case '{', '[' -> {
        out.writeByte(b);
        opened = true;
      }
      case '}', ']' -> {
        if (!wasOpened) {
          depth--;
          newLine(out);
        }
        out.writeByte(b);
      }
      case ',' -> {
        out.writeByte(b);
        newLine(out);
      }
      case ':' -> {
        out.writeByte(b);
        out.writeByte(' ');
      }
      default -> {
        inString = b == '"';
        out.writeByte(b);
      }
    }
  }

  private void newLine(ByteBuf out) {
    out.writeByte('\n');
    for (int i = 0; i < depth; i++) {
      out.writeByte(' ');
      out.writeByte(' ');
    }
  }
}
