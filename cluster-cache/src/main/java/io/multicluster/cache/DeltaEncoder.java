package io.multicluster.cache;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds what an object and a template have in common. Greedy: bytes that merely replace others are
 * looked for first, then eight equal bytes anywhere in the template. Not thread-safe.
 */
final class DeltaEncoder {
  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int WORD_BYTES = 8;

  /** Longer than the hash in the name of an image or a container. */
  private static final int MOST_REPLACED = 72;

  /** Every so many-th place of a template can be found. */
  private static final int STRIDE = 4;

  /** The template that {@link #places} is about. */
  private @Nullable Whole template;

  /** Places of the template by the hash of the word there, plus one; 0 where there is none. */
  private int[] places = new int[0];

  private int hashShift;
  private byte[] steps = new byte[512];
  private int length;

  /**
   * @param object begins with the object
   * @param size of the object
   * @param most bytes that may differ for it to be worth it
   * @return null if it is not
   */
  @Nullable Delta encode(Whole base, byte[] object, int size, int most) {
    if (template != base) {
      index(base);
    }
    byte[] shared = base.bytes();
    length = 0;
    int written = 0; // of the object
    int aligned = 0; // where in the template the byte at "written" would be
    int at = 0;
    while (at + WORD_BYTES <= size) {
      if (at == written) {
        at += replaced(object, at, size, shared, aligned);
      }
      long word = (long) WORD.get(object, at);
      int from = find(shared, word, aligned + at - written);
      if (from < 0) {
        if (++at - written + length > most) {
          return null;
        }
        continue;
      }
      int start = at;
      while (start > written && from > 0 && object[start - 1] == shared[from - 1]) {
        start--;
        from--;
      }
      int equal = Arrays.mismatch(object, start, size, shared, from, shared.length);
      int count = equal < 0 ? size - start : equal;
      own(object, written, start);
      number(count);
      int jump = from - (aligned + start - written);
      number(jump << 1 ^ jump >> 31);
      written = start + count;
      aligned = from + count;
      at = written;
    }
    if (written < size) {
      own(object, written, size);
    }
    return length > most ? null : new Delta(base, size, Arrays.copyOf(steps, length));
  }

  /**
   * How many bytes differ from those in the same place, before at least a word that does not; 0 if
   * too many.
   */
  private static int replaced(byte[] object, int start, int size, byte[] shared, int from) {
    int rest = Math.min(size - start, shared.length - from) - WORD_BYTES;
    int most = Math.min(rest, MOST_REPLACED);
    for (int i = 0; i <= most; i++) {
      if ((long) WORD.get(object, start + i) == (long) WORD.get(shared, from + i)) {
        return i;
      }
    }
    return 0;
  }

  /** Where the template has that word; the place given first; -1 if nowhere that is known. */
  private int find(byte[] shared, long word, int first) {
    if (first >= 0
        && first <= shared.length - WORD_BYTES
        && (long) WORD.get(shared, first) == word) {
      return first;
    }
    int place = places[hash(word)] - 1;
    return place >= 0 && (long) WORD.get(shared, place) == word ? place : -1;
  }

  private void index(Whole base) {
    byte[] bytes = base.bytes();
    int slots = Math.max(64, Integer.highestOneBit(bytes.length / STRIDE) << 2);
    if (places.length == slots) {
      Arrays.fill(places, 0);
    } else {
      places = new int[slots];
    }
    hashShift = Long.SIZE - Integer.numberOfTrailingZeros(slots);
    // Backwards, so that of equal words the first is found.
    int last = (bytes.length - WORD_BYTES) / STRIDE * STRIDE;
    for (int at = last; at >= 0 && bytes.length >= WORD_BYTES; at -= STRIDE) {
      places[hash((long) WORD.get(bytes, at))] = at + 1;
    }
    template = base;
  }

  private int hash(long word) {
    return (int) ((word * 0x9E37_79B9_7F4A_7C15L) >>> hashShift);
  }

  private void own(byte[] object, int start, int end) {
    number(end - start);
    ensure(end - start);
    System.arraycopy(object, start, steps, length, end - start);
    length += end - start;
  }

  private void number(int value) {
    ensure(5);
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      steps[length++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    steps[length++] = (byte) rest;
  }

  private void ensure(int more) {
    if (length + more > steps.length) {
      steps = Arrays.copyOf(steps, Math.max(2 * steps.length, length + more));
    }
  }
}
