package io.multicluster.cache;

import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.status.ApiException;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A cache with members that a test speaks for, and clients on one event loop that it turns. */
final class CacheFixture implements AutoCloseable {
  /** As the name of a member: that one has the federated objects. */
  static final String CONTROL_PLANE = "federation";

  private static final AtomicLong RUNS = new AtomicLong();

  private final MockTicker ticker = Ticker.newMockTicker();
  private final ManualIoEventLoop loop =
      new ManualIoEventLoop(null, Thread.currentThread(), LocalIoHandler.newFactory(), ticker);
  private final List<FakeFeed> feeds = new ArrayList<>();
  final ClusterCache cache;

  CacheFixture(CachedKind... kinds) {
    this(new LogLimits(256 << 20, Duration.ofHours(2)), 16 << 20, kinds);
  }

  /**
   * @param kinds beside pods and events
   */
  CacheFixture(LogLimits log, long sharedFrameBytes, CachedKind... kinds) {
    this(log, sharedFrameBytes, null, kinds);
  }

  /**
   * @param directory where the state is kept; null if it is not
   * @param kinds beside pods and events
   */
  CacheFixture(
      LogLimits log, long sharedFrameBytes, @Nullable Path directory, CachedKind... kinds) {
    List<CachedKind> all = new ArrayList<>(List.of(CachedKind.PODS, CachedKind.EVENTS));
    all.addAll(List.of(kinds));
    CacheOptions usual = CacheOptions.of(all);
    // Time goes on between two runs on the same files.
    long now = 1_700_000_600_000L + (directory == null ? 0 : RUNS.incrementAndGet());
    cache =
        new ClusterCache(
            new CacheOptions(
                usual.kinds(),
                CONTROL_PLANE,
                3,
                directory,
                List.of("app"),
                true,
                log,
                usual.history(),
                sharedFrameBytes,
                usual.patience(),
                usual.writePatience(),
                usual.startupPatience(),
                true,
                () -> now,
                ticker::nanoTime));
  }

  /** Joins all kinds and lists them as empty. */
  FakeFeed join(String name) {
    FakeFeed feed = rejoin(name);
    feed.sinks.values().forEach(sink -> feed.list(sink, 1));
    return feed;
  }

  /** Joins all kinds as a member that may be known already. */
  FakeFeed rejoin(String name) {
    FakeFeed feed = new FakeFeed(name);
    feeds.add(feed);
    return feed;
  }

  /** Members as given, each listed, and the cache ready. */
  FakeFeeds ready(String... names) {
    for (String name : names) {
      join(name);
    }
    cache.membersKnown(Set.of(names));
    // The cache says so after what comes next in the queue.
    while (!cache.ready()) {
      Thread.onSpinWait();
    }
    return new FakeFeeds(feeds);
  }

  /** A get, list or watch as far as it comes by now. */
  RecordingExchange get(String target, String... headers) {
    RecordingExchange exchange = new RecordingExchange(loop, target, headers);
    List<ApiException> failures = new ArrayList<>();
    serve(exchange, failures);
    if (!failures.isEmpty()) {
      throw failures.getFirst();
    }
    return exchange;
  }

  /** The same with a client of its own, whose later failures are collected. */
  void serve(RecordingExchange exchange, List<ApiException> failures) {
    Query query = Query.parse(exchange.request().query());
    cache.serve(exchange, query, RequestInfoParser.parse(exchange.request(), query), failures::add);
    settle();
  }

  RecordingExchange exchange(String target, String... headers) {
    return new RecordingExchange(loop, target, headers);
  }

  void advance(Duration time) {
    // A second at a time, as timers that start anew each second would see it.
    for (long left = time.toMillis(); left > 0; left -= 1000) {
      ticker.advanceMillis(Math.min(left, 1000));
      settle();
    }
  }

  /** Until neither the sequencers nor the event loop have anything to do. */
  void settle() {
    // Entering a channel takes a turn of the sequencer between two of the event loop.
    for (int i = 0; i < 3; i++) {
      for (FakeFeed feed : feeds) {
        feed.sinks.values().forEach(sink -> feed.send(sink, List.of(new FeedEvent.Bookmark("1"))));
      }
      while (loop.runNow() > 0) {
        // Until it is idle.
      }
    }
  }

  /** The event loop has no thread, and nothing of its own to release. */
  @Override
  public void close() {
    cache.close();
  }

  /** Several members'. */
  record FakeFeeds(List<FakeFeed> feeds) {
    FakeFeed get(String name) {
      return feeds.stream().filter(feed -> feed.name.equals(name)).findFirst().orElseThrow();
    }
  }

  /** One member's feeds; each call returns once clients see what it did. */
  final class FakeFeed {
    final String name;
    final Map<CachedKind, FeedSink> sinks = new LinkedHashMap<>();
    final FeedSink pods;
    final FeedSink events;
    long version = 1;

    FakeFeed(String name) {
      this.name = name;
      cache
          .kinds()
          .forEach(kind -> sinks.put(kind, cache.join(kind, new Member(name, "uid-of-" + name))));
      this.pods = sink(CachedKind.PODS);
      this.events = sink(CachedKind.EVENTS);
    }

    FeedSink sink(CachedKind kind) {
      return Objects.requireNonNull(sinks.get(kind));
    }

    void list(FeedSink sink, long at, byte[]... items) {
      List<FeedEvent> all = new ArrayList<>();
      all.add(new FeedEvent.ListBegin());
      for (byte[] item : items) {
        all.add(FeedEvents.item(item));
      }
      all.add(new FeedEvent.ListEnd(Long.toString(at)));
      version = Math.max(version, at);
      accept(sink, all);
    }

    void pod(FeedEvent.ChangeType type, String namespace, String podName) {
      pod(type, namespace, podName, Map.of("app", "web"), "n1", "Running");
    }

    void pod(
        FeedEvent.ChangeType type,
        String namespace,
        String podName,
        Map<String, String> labels,
        String node,
        String phase) {
      version++;
      byte[] bytes =
          TestObjects.pod(namespace, podName, "uid-" + podName, version, labels, node, phase);
      accept(pods, List.of(FeedEvents.change(type, bytes)));
    }

    void event(FeedEvent.ChangeType type, String namespace, String eventName, String involvedUid) {
      version++;
      accept(
          events,
          List.of(
              FeedEvents.change(
                  type, TestObjects.event(namespace, eventName, version, involvedUid, "Pulled"))));
    }

    void eventOfDeployment(String namespace, String eventName, String deployment, String uid) {
      version++;
      byte[] event =
          TestObjects.event(namespace, eventName, version, "Deployment", deployment, uid, "Scaled");
      accept(events, List.of(FeedEvents.change(FeedEvent.ChangeType.ADDED, event)));
    }

    void accept(FeedSink sink, List<FeedEvent> all) {
      send(sink, all);
      settle();
    }

    private void send(FeedSink sink, List<FeedEvent> all) {
      CountDownLatch applied = new CountDownLatch(all.size());
      all.forEach(event -> FeedEvents.send(sink, event, applied::countDown));
      try {
        if (!applied.await(20, TimeUnit.SECONDS)) {
          throw new AssertionError("the cache does not apply what " + name + " says");
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
