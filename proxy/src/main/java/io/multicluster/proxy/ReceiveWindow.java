package io.multicluster.proxy;

/**
 * How much a peer may send before some of it was consumed (RFC 9113, 5.2). What is consumed is told
 * the peer in pieces of half the window. Confined to one thread.
 */
final class ReceiveWindow {
  private final int size;

  /** Received and not consumed. */
  private int held;

  /** Consumed, and the peer doesn't know. */
  private int untold;

  /**
   * @param size in bytes, as the peer knows it
   */
  ReceiveWindow(int size) {
    this.size = size;
  }

  /** Returns false if the peer has sent more than it may. */
  boolean received(int bytes) {
    if (bytes > size - held - untold) {
      return false;
    }
    held += bytes;
    return true;
  }

  int held() {
    return held;
  }

  /**
   * @return how many bytes to tell the peer, often 0
   * @throws IllegalStateException if these were not received
   */
  int consumed(int bytes) {
    if (bytes > held) {
      throw new IllegalStateException("more bytes consumed than received");
    }
    held -= bytes;
    untold += bytes;
    if (untold < size / 2) {
      return 0;
    }
    int told = untold;
    untold = 0;
    return told;
  }
}
