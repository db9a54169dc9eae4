package io.multicluster.server.metrics;

import java.nio.charset.StandardCharsets;

/** A page in Prometheus' text format, version 0.0.4, while it is written. For one thread. */
public final class MetricsText {
  public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final StringBuilder text = new StringBuilder(16 * 1024);

  /** Begins a family; its samples follow. */
  public MetricsText family(String name, MetricType type, String help) {
    text.append("# HELP ").append(name).append(' ').append(help).append("\n# TYPE ");
    text.append(name).append(' ');
    text.append(
        switch (type) {
          case COUNTER -> "counter";
          case GAUGE -> "gauge";
          case HISTOGRAM -> "histogram";
        });
    text.append('\n');
    return this;
  }

  /**
   * Adds a sample of the family begun last.
   *
   * @param labels names and values in turn
   */
  public MetricsText sample(String name, long value, String... labels) {
    series(name, labels);
    text.append(value).append('\n');
    return this;
  }

  /**
   * Adds a sample of the family begun last.
   *
   * @param labels names and values in turn
   */
  public MetricsText sample(String name, double value, String... labels) {
    series(name, labels);
    text.append(value).append('\n');
    return this;
  }

  private void series(String name, String... labels) {
    text.append(name);
    for (int i = 0; i + 1 < labels.length; i += 2) {
      text.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"");
      escape(labels[i + 1]);
      text.append('"');
    }
    text.append(labels.length > 1 ? "} " : " ");
  }

  private void escape(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '\\' -> text.append("\\\\");
        case '"' -> text.append("\\\"");
        case '\n' -> text.append("\\n");
        default -> text.append(c);
      }
    }
  }

  public byte[] bytes() {
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
