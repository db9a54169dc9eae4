package io.multicluster.testclusters.federation;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Names of objects to look at, each at most once at a time. One thread works through them; what
 * fails is tried again. Holds as many names as there are objects. Thread-safe.
 */
final class WorkQueue implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WorkQueue.class);
  private static final Duration RETRY = Duration.ofSeconds(1);

  /** Brings one object closer to what it should be; called again after any exception. */
  @FunctionalInterface
  interface Reconciler {
    void reconcile(String key);
  }

  private final String name;
  private final Duration delay;
  private final Reconciler reconciler;
  private final Set<String> waiting = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService worker;

  /**
   * @param delay between {@link #add} and the work: it lets a burst of changes become one piece of
   *     work
   */
  WorkQueue(String name, Duration delay, Reconciler reconciler) {
    this.name = name;
    this.delay = delay;
    this.reconciler = reconciler;
    this.worker =
        Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name(name).factory());
  }

  void add(String key) {
    addAfter(key, delay);
  }

  private void addAfter(String key, Duration wait) {
    if (!waiting.add(key)) {
      return;
    }
    try {
      var _ = worker.schedule(() -> work(key), wait.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException _) {
      // Closed meanwhile: nobody wants the work any more.
    }
  }

  private void work(String key) {
    // Before the work, not after it: a change that comes while it runs must be looked at.
    waiting.remove(key);
    try {
      reconciler.reconcile(key);
    } catch (RuntimeException e) {
      if (!worker.isShutdown()) {
        LOG.debug("{} will look at {} again: {}", name, key, e.toString());
        addAfter(key, RETRY);
      }
    }
  }

  /** Drops what waits; returns when the work at hand has ended. */
  @Override
  public void close() {
    worker.shutdownNow();
    try {
      worker.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
