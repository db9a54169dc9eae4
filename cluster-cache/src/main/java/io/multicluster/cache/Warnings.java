package io.multicluster.cache;

import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;

/** Tells clients, in a header that kubectl prints, what to think of an answer. */
final class Warnings {
  /** Clusters that are named; more are only counted, to keep the header small. */
  private static final int NAMED = 20;

  private Warnings() {}

  /**
   * @param clusters that don't answer, though their last known objects are shown; may be empty
   */
  static void staleClusters(Http2Headers headers, List<String> clusters) {
    if (clusters.isEmpty()) {
      return;
    }
    String names = String.join(", ", clusters.subList(0, Math.min(NAMED, clusters.size())));
    if (clusters.size() > NAMED) {
      names += " and " + (clusters.size() - NAMED) + " more";
    }
    headers.add(
        "warning",
        "299 - \""
            + (clusters.size() == 1 ? "cluster " : "clusters ")
            + names
            + " can't be reached: what is shown of "
            + (clusters.size() == 1 ? "it" : "them")
            + " is the last known state\"");
  }
}
