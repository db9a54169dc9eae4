package io.multicluster.server;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does things again and again, each on a virtual thread of its own, until it is closed. */
final class Refresher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Refresher.class);

  private final CountDownLatch closed = new CountDownLatch(1);

  /**
   * @param task may block; runs at once and then {@code interval} after each end. What it throws is
   *     logged, and it is tried again.
   */
  void every(Duration interval, Runnable task) {
    Thread.ofVirtual()
        .name("refresher")
        .start(() -> {
          try {
            do {
              attempt(task);
            } while (!closed.await(interval.toNanos(), TimeUnit.NANOSECONDS));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private static void attempt(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.atWarn().addKeyValue("reason", e.getMessage()).log("A refresh failed");
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
