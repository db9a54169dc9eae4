package io.multicluster.cache.feed;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Returns the window credit of one chunk once everything that was read from it has been applied. A
 * chunk that completes no event returns its credit at once: its bytes wait in the reader, which is
 * bounded by the size of one event.
 */
final class Credit {
  private final int bytes;
  private final IntConsumer consumed;

  // Starts at one for the reading of the chunk itself.
  private final AtomicInteger open = new AtomicInteger(1);

  Credit(int bytes, IntConsumer consumed) {
    this.bytes = bytes;
    this.consumed = consumed;
  }

  void hold() {
    open.incrementAndGet();
  }

  void release() {
    if (open.decrementAndGet() == 0 && bytes > 0) {
      consumed.accept(bytes);
    }
  }
}
