package io.multicluster.cache.feed;

import java.time.Duration;

/**
 * The times of feeds.
 *
 * @param firstBackoff wait after the first failure; doubles from there
 * @param longestBackoff where doubling ends
 * @param watchDuration how long a watch is asked for, at least; up to twice that at random
 * @param silence after so long without an event or bookmark a watch counts as stalled and is made
 *     anew; API servers send a bookmark a minute
 * @param pageSize objects a page where the member has no streaming list
 */
public record FeedSettings(
    Duration firstBackoff,
    Duration longestBackoff,
    Duration watchDuration,
    Duration silence,
    int pageSize) {
  public static final FeedSettings DEFAULT =
      new FeedSettings(
          Duration.ofMillis(200),
          Duration.ofSeconds(30),
          Duration.ofMinutes(5),
          Duration.ofSeconds(150),
          500);
}
