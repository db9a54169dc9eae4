package io.multicluster.cache;

import java.time.Duration;

/**
 * How long old states are kept for lists that are read in pages.
 *
 * @param states how many are kept
 * @param age how long after its last use a state is kept
 * @param bytes how much may have been replaced since a state for it to be kept
 */
public record HistoryLimits(int states, Duration age, long bytes) {
  public HistoryLimits {
    if (states < 1 || age.isNegative() || bytes < 0) {
      throw new IllegalArgumentException(
          "a history of " + states + " states, " + age + " and " + bytes + " bytes");
    }
  }
}
