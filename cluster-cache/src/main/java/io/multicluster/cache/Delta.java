package io.multicluster.cache;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * An object as what distinguishes it from a template.
 *
 * <p>The steps: again and again, a number of bytes that follow here, a number of bytes that are the
 * template's, and where there these start, counted from where they would if the bytes before had
 * replaced as many. All numbers are varints, the last in zigzag. It ends with the object.
 */
final class Delta implements Content {
  private final Whole template;
  private final int size;
  private final byte[] steps;

  /**
   * @param size of the object
   */
  Delta(Whole template, int size, byte[] steps) {
    this.template = template;
    this.size = size;
    this.steps = steps;
  }

  @Override
  public Whole template() {
    return template;
  }

  /** Not to be changed. */
  byte[] steps() {
    return steps;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public void copyTo(byte[] target) {
    byte[] base = template.bytes();
    Steps next = new Steps(steps);
    int at = 0;
    int from = 0;
    while (at < size) {
      int own = next.number();
      System.arraycopy(steps, next.at, target, at, own);
      next.at += own;
      at += own;
      if (at < size) {
        int shared = next.number();
        from += own + next.signed();
        System.arraycopy(base, from, target, at, shared);
        at += shared;
        from += shared;
      }
    }
  }

  @Override
  public void writeTo(ByteBuf out) {
    out.ensureWritable(size);
    byte[] base = template.bytes();
    Steps next = new Steps(steps);
    int left = size;
    int from = 0;
    while (left > 0) {
      int own = next.number();
      out.writeBytes(steps, next.at, own);
      next.at += own;
      left -= own;
      if (left > 0) {
        int shared = next.number();
        from += own + next.signed();
        out.writeBytes(base, from, shared);
        left -= shared;
        from += shared;
      }
    }
  }

  @Override
  public int footprint() {
    return steps.length + 48;
  }

  @Override
  public boolean sameAs(Content other) {
    return size == other.size() && (sameSteps(other) || Arrays.equals(copy(), other.copy()));
  }

  private boolean sameSteps(Content other) {
    return other instanceof Delta delta
        && template == delta.template
        && Arrays.equals(steps, delta.steps);
  }

  /** Reads the steps. */
  private static final class Steps {
    private final byte[] bytes;
    private int at;

    Steps(byte[] bytes) {
      this.bytes = bytes;
    }

    int number() {
      int value = 0;
      for (int shift = 0; ; shift += 7) {
        byte b = bytes[at++];
        value |= (b & 0x7f) << shift;
        if (b >= 0) {
          return value;
        }
      }
    }

    int signed() {
      int value = number();
      return value >>> 1 ^ -(value & 1);
    }
  }
}
