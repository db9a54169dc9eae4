package io.multicluster.cache.feed;

import io.multicluster.cache.CacheFeeds;
import io.multicluster.cache.CachedKind;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamConfig;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The members of the federation and their feeds. Members are put and removed while clients are
 * being served; each has its own connections, threads and back-off, so that none waits for another.
 *
 * <p>Safe for use by any thread.
 */
public final class MemberFeeds implements AutoCloseable {
  /** Makes the client for a member. */
  @FunctionalInterface
  public interface Connector {
    UpstreamClient connect(String name, UpstreamConfig config);
  }

  private final CacheFeeds cache;
  private final Connector connector;
  private final FeedSettings settings;
  private final Map<String, MemberFeed> members = new ConcurrentHashMap<>();

  public MemberFeeds(CacheFeeds cache, Connector connector, FeedSettings settings) {
    this.cache = cache;
    this.connector = connector;
    this.settings = settings;
  }

  /** A member joins, or is from now on reached in another way. */
  public void put(String name, UpstreamConfig config) {
    MemberFeed feed =
        members.computeIfAbsent(name, _ -> start(connector.connect(name, config), _ -> true));
    feed.reconfigure(config);
  }

  /**
   * A member joins whose configuration is somebody else's business.
   *
   * @param client passes to this class; its name is the member's
   * @param kinds which of the cached kinds are wanted of it
   * @throws IllegalStateException if there is a member of that name
   */
  public void put(UpstreamClient client, Predicate<CachedKind> kinds) {
    if (members.containsKey(client.name())) {
      throw new IllegalStateException("member " + client.name() + " is there already");
    }
    members.put(client.name(), start(client, kinds));
  }

  private MemberFeed start(UpstreamClient client, Predicate<CachedKind> kinds) {
    MemberFeed feed = new MemberFeed(client, cache, kinds, settings);
    feed.start();
    return feed;
  }

  /** A member leaves: its objects disappear from the collections. No effect if it is not there. */
  public void remove(String name) {
    MemberFeed feed = members.remove(name);
    if (feed != null) {
      feed.leave();
      cache.removed(name);
    }
  }

  /** The client for a member; null if there is no such member. */
  public @Nullable UpstreamClient client(String name) {
    MemberFeed feed = members.get(name);
    return feed == null ? null : feed.client();
  }

  /** The clients of all members by name; the map is the caller's. */
  public Map<String, UpstreamClient> clients() {
    Map<String, UpstreamClient> clients = new TreeMap<>();
    members.forEach((name, feed) -> clients.put(name, feed.client()));
    return clients;
  }

  /** All members by name, and what keeps each from being fed; empty where nothing does. */
  public Map<String, String> problems() {
    Map<String, String> problems = new TreeMap<>();
    members.forEach((name, feed) -> problems.put(name, feed.problem()));
    return problems;
  }

  /**
   * To be called once all members known at the start have been put: tells the cache so as soon as
   * each of them has been reached or has proved to be out of reach.
   */
  public void initialMembersPut() {
    Map<String, MemberFeed> initial = Map.copyOf(members);
    Thread.ofVirtual()
        .name("initial members")
        .start(() -> {
          initial.values().forEach(feed -> feed.firstAttempt().join());
          cache.membersKnown(initial.keySet());
        });
  }

  /** Ends all feeds; what is cached stays. */
  @Override
  public void close() {
    members.values().forEach(MemberFeed::close);
  }
}
