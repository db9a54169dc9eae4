package io.multicluster.cache;

import io.multicluster.wire.request.WatchOptions;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/** When a watch is to send bookmarks, and when it is to end. Confined to the watch's event loop. */
final class WatchSchedule {
  /** Without a word from the client: at random in this range, as kube-apiserver does. */
  private static final long SHORTEST_SECONDS = 1800;

  private static final long LONGEST_SECONDS = 3600;

  /**
   * Between bookmarks: at random in this range, so that not all watches have their turn at once.
   */
  private static final long BOOKMARK_SECONDS = 45;

  private static final long BOOKMARK_JITTER_SECONDS = 14;

  /** How long before the end the last bookmark comes. */
  private static final long LAST_BOOKMARK_SECONDS = 2;

  private final boolean bookmarks;
  private final LongSupplier nanos;
  private final RandomGenerator random;
  private final long end;
  private long nextBookmark;
  private boolean lastSent;

  /** What there is to do. */
  enum Due {
    NOTHING,
    BOOKMARK,
    END
  }

  WatchSchedule(WatchOptions options, LongSupplier nanos, RandomGenerator random) {
    this.bookmarks = options.bookmarks();
    this.nanos = nanos;
    this.random = random;
    long now = nanos.getAsLong();
    long seconds =
        options.timeoutSeconds() > 0
            ? Math.min(options.timeoutSeconds(), Integer.MAX_VALUE)
            : random.nextLong(SHORTEST_SECONDS, LONGEST_SECONDS);
    this.end = now + TimeUnit.SECONDS.toNanos(seconds);
    this.nextBookmark = bookmarkAfter(now);
  }

  boolean bookmarks() {
    return bookmarks;
  }

  /** What is due now; a bookmark is told once. */
  Due due() {
    long now = nanos.getAsLong();
    if (now - end >= 0) {
      return Due.END;
    }
    if (!lastSent && now - end >= -TimeUnit.SECONDS.toNanos(LAST_BOOKMARK_SECONDS)) {
      lastSent = true;
      return Due.BOOKMARK;
    }
    if (now - nextBookmark >= 0) {
      nextBookmark = bookmarkAfter(now);
      return Due.BOOKMARK;
    }
    return Due.NOTHING;
  }

  private long bookmarkAfter(long now) {
    return now
        + TimeUnit.SECONDS.toNanos(BOOKMARK_SECONDS)
        + random.nextLong(TimeUnit.SECONDS.toNanos(BOOKMARK_JITTER_SECONDS));
  }
}
