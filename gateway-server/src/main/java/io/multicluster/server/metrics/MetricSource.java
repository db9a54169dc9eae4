package io.multicluster.server.metrics;

/** Somebody who has something to tell at each scrape. Called by any thread, must not block. */
@FunctionalInterface
public interface MetricSource {
  void write(MetricsText page);
}
