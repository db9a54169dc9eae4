package io.multicluster.server.metrics;

/** How Prometheus is to read a family's values. */
public enum MetricType {
  COUNTER,
  GAUGE,
  HISTOGRAM
}
