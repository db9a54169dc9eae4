package io.multicluster.cache;

import java.time.Duration;

/**
 * How much of a kind's past is kept for watches to resume from.
 *
 * @param bytes of memory that only the log keeps
 * @param age how long entries are kept at most
 */
public record LogLimits(long bytes, Duration age) {
  public LogLimits {
    if (bytes < 1 || age.isNegative() || age.isZero()) {
      throw new IllegalArgumentException("an event log of " + bytes + " bytes and " + age);
    }
  }
}
