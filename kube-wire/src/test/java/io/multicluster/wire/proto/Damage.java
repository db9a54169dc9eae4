package io.multicluster.wire.proto;

import java.util.Arrays;
import java.util.Random;

/** Breaks messages as a faulty or hostile sender might. */
public final class Damage {
  private Damage() {}

  /** A copy, perhaps cut off, with a few bytes changed among the first {@code within}. */
  public static byte[] inflict(byte[] message, int within, Random random) {
    int length = random.nextInt(4) == 0 ? random.nextInt(message.length) : message.length;
    byte[] damaged = Arrays.copyOf(message, length);
    for (int hits = 1 + random.nextInt(3); hits > 0 && length > 0; hits--) {
      int at = random.nextInt(Math.min(within, length));
      damaged[at] =
          switch (random.nextInt(3)) {
            case 0 -> (byte) random.nextInt();
            case 1 -> (byte) (damaged[at] + 1);
            default -> (byte) (damaged[at] | 0x80);
          };
    }
    return damaged;
  }

  /** A copy with a few lower-case letters changed, which most often are those of texts. */
  public static byte[] misspell(byte[] message, Random random) {
    byte[] changed = message.clone();
    for (int i = random.nextInt(8); i >= 0; i--) {
      int at = random.nextInt(changed.length);
      if (changed[at] >= 'b' && changed[at] <= 'y') {
        changed[at]++;
      }
    }
    return changed;
  }
}
