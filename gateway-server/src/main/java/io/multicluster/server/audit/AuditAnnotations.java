package io.multicluster.server.audit;

import java.util.Map;
import java.util.TreeMap;

/**
 * What the steps of one request leave for its audit record: facts as keys with a domain and short
 * values, such as {@code authorization.k8s.io/decision} and {@code allow}. What is left after the
 * record was written is lost. Safe for use by any thread.
 */
public final class AuditAnnotations {
  /** Which cluster was asked: a member's name or the control plane's. */
  public static final String CLUSTER = "multicluster.io/cluster";

  /** A step that leaves more has gone wrong; the record is to stay readable. */
  private static final int MOST = 64;

  private static final int LONGEST_VALUE = 4096;

  private final Map<String, String> values = new TreeMap<>();

  /** Whoever comes later replaces a value. Beyond the bounds values are cut and keys left out. */
  public synchronized void put(String key, String value) {
    if (values.size() < MOST || values.containsKey(key)) {
      values.put(
          key, value.length() > LONGEST_VALUE ? value.substring(0, LONGEST_VALUE) + "…" : value);
    }
  }

  /** A copy, sorted by key. */
  synchronized Map<String, String> values() {
    return new TreeMap<>(values);
  }
}
