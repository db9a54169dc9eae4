package io.multicluster.server.flowcontrol;

/**
 * Deals each flow a hand of queues: two flows rarely share all of theirs, so a heavy one leaves a
 * light one a short queue.
 */
final class ShuffleSharding {
  private ShuffleSharding() {}

  /**
   * Deals without repeats, by the digits of the hash in falling bases, as a dealer takes cards.
   *
   * @return queue numbers, all different
   */
  static int[] hand(long hash, int queues, int handSize) {
    int[] hand = new int[handSize];
    long rest = hash;
    for (int i = 0; i < handSize; i++) {
      int base = queues - i;
      int card = (int) Long.remainderUnsigned(rest, base);
      rest = Long.divideUnsigned(rest, base);
      // Cards count those that are left: each taken one before it moves it up.
      for (int position = 0; position < i; position++) {
        if (hand[position] <= card) {
          card++;
        }
      }
      // Kept sorted, so that the pass above is right.
      int at = i;
      while (at > 0 && hand[at - 1] > card) {
        hand[at] = hand[at - 1];
        at--;
      }
      hand[at] = card;
    }
    return hand;
  }

  /** Well mixed 64 bits of a flow's names. */
  static long hash(String schema, String flow) {
    long hash = 0xcbf29ce484222325L;
    for (String part : new String[] {schema, "/", flow}) {
      for (int i = 0; i < part.length(); i++) {
        hash = (hash ^ part.charAt(i)) * 0x100000001b3L;
      }
    }
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return hash ^ (hash >>> 33);
  }
}
