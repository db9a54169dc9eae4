package io.multicluster.cache.feed;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Waiting times that double from failure to failure, with full jitter. Not thread-safe. */
final class Backoff {
  private final Duration first;
  private final Duration longest;
  private final RandomGenerator random;
  private int failures;

  Backoff(Duration first, Duration longest, RandomGenerator random) {
    this.first = first;
    this.longest = longest;
    this.random = random;
  }

  void reset() {
    failures = 0;
  }

  /** The time to wait after one more failure: between half of the step and the step. */
  Duration next() {
    long step = Math.min(longest.toMillis(), first.toMillis() << Math.min(failures, 20));
    failures++;
    return Duration.ofMillis(step / 2 + random.nextLong(step / 2 + 1));
  }
}
