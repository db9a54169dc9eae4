package io.multicluster.cache;

import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.status.ApiException;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** A cache with members that a test speaks for, and clients on one event loop that it turns. */
final class CacheFixture implements AutoCloseable {
  final EmbeddedChannel channel = new EmbeddedChannel();
  final ClusterCache cache;

  CacheFixture() {
    this(options());
  }

  CacheFixture(CacheOptions options) {
    cache = new ClusterCache(options);
    channel.freezeTime();
  }

  static CacheOptions options() {
    CacheOptions usual = CacheOptions.of(List.of(CachedKind.PODS, CachedKind.EVENTS));
    return new CacheOptions(
        usual.kinds(),
        3,
        List.of("app"),
        usual.log(),
        usual.history(),
        Duration.ofSeconds(3),
        usual.startupPatience(),
        true,
        () -> 1_700_000_600_000L,
        System::nanoTime);
  }

  /** Joins both kinds and lists them as empty. */
  FakeFeed join(String name) {
    FakeFeed feed = new FakeFeed(name);
    feed.pods = cache.join(CachedKind.PODS, new Member(name, "uid-of-" + name));
    feed.events = cache.join(CachedKind.EVENTS, new Member(name, "uid-of-" + name));
    feed.list(feed.pods, 1);
    feed.list(feed.events, 1);
    return feed;
  }

  /** Members as given, each listed, and the cache ready. */
  Map<String, FakeFeed> ready(String... names) {
    Map<String, FakeFeed> feeds = new java.util.LinkedHashMap<>();
    for (String name : names) {
      feeds.put(name, join(name));
    }
    cache.membersKnown();
    // The cache says so after what comes next in the queue.
    while (!cache.ready()) {
      Thread.onSpinWait();
    }
    return feeds;
  }

  RecordingExchange get(String target, String... headers) {
    RecordingExchange exchange = new RecordingExchange(channel, target, headers);
    AtomicReference<ApiException> failed = new AtomicReference<>();
    Query query = Query.parse(exchange.request().query());
    cache.serve(exchange, query, RequestInfoParser.parse(exchange.request(), query), failed::set);
    channel.runPendingTasks();
    if (failed.get() != null) {
      throw failed.get();
    }
    return exchange;
  }

  @Override
  public void close() {
    cache.close();
    channel.finishAndReleaseAll();
  }

  /** One member's feeds; each call returns once clients see what it did. */
  final class FakeFeed {
    final String name;
    FeedSink pods;
    FeedSink events;
    long version = 1;

    FakeFeed(String name) {
      this.name = name;
      this.pods = null;
      this.events = null;
    }

    void list(FeedSink sink, long at, byte[]... items) {
      List<FeedEvent> all = new ArrayList<>();
      all.add(new FeedEvent.ListBegin());
      for (byte[] item : items) {
        all.add(new FeedEvent.ListItem(item));
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
      accept(pods, List.of(new FeedEvent.Change(type, bytes)));
    }

    void event(FeedEvent.ChangeType type, String namespace, String eventName, String involvedUid) {
      version++;
      accept(
          events,
          List.of(
              new FeedEvent.Change(
                  type, TestObjects.event(namespace, eventName, version, involvedUid, "Pulled"))));
    }

    void accept(FeedSink sink, List<FeedEvent> all) {
      CountDownLatch applied = new CountDownLatch(all.size());
      all.forEach(event -> sink.accept(event, applied::countDown));
      try {
        if (!applied.await(20, TimeUnit.SECONDS)) {
          throw new AssertionError("the cache does not apply what " + name + " says");
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      channel.runPendingTasks();
    }
  }
}
