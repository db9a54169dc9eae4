package io.multicluster.wire.proto;

/** An array to work in, so that not each object needs one. Not thread-safe. */
public final class Scratch {
  /** Bytes that it holds on to; bigger objects are rare, and each gets an array of its own. */
  private static final int MOST = 64 * 1024;

  private byte[] array = new byte[0];

  /** An array of at least that length, of any content; the caller's until the next call. */
  public byte[] array(int length) {
    if (length > MOST) {
      return new byte[length];
    }
    if (length > array.length) {
      array = new byte[Math.min(MOST, 2 * length)];
    }
    return array;
  }
}
