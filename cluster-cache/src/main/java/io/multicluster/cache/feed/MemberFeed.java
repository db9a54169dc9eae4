package io.multicluster.cache.feed;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.cache.CacheFeeds;
import io.multicluster.cache.CachedKind;
import io.multicluster.cache.FeedSink;
import io.multicluster.cache.Member;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamConfig;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One member: finds out which cluster it is, then runs a {@link Reflector} per kind. A cluster that
 * comes back under another identity joins anew.
 */
final class MemberFeed {
  private static final Logger log = LoggerFactory.getLogger(MemberFeed.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Its UID tells clusters apart (KEP-2149). */
  private static final String IDENTITY = "/api/v1/namespaces/kube-system";

  private final String name;
  private final UpstreamClient client;
  private final CacheFeeds cache;
  private final List<CachedKind> kinds;
  private final FeedSettings settings;
  private final CompletableFuture<Void> firstAttempt = new CompletableFuture<>();
  private final Thread supervisor;
  private final List<FeedSink> sinks = new ArrayList<>();
  private @Nullable UpstreamConfig config;
  private volatile String problem = "not reached yet";

  MemberFeed(
      UpstreamClient client, CacheFeeds cache, Predicate<CachedKind> kinds, FeedSettings settings) {
    this.name = client.name();
    this.client = client;
    this.cache = cache;
    this.kinds = cache.kinds().stream().filter(kinds).toList();
    this.settings = settings;
    this.supervisor = Thread.ofVirtual().name("member " + name).unstarted(this::supervise);
  }

  void start() {
    supervisor.start();
  }

  UpstreamClient client() {
    return client;
  }

  String problem() {
    return problem;
  }

  /** Completes when the member was reached, or could not be, for the first time. */
  CompletableFuture<Void> firstAttempt() {
    return firstAttempt;
  }

  /** Tells the client, if this is news: its connections are made anew then. */
  synchronized void reconfigure(UpstreamConfig newConfig) {
    if (!newConfig.equals(config)) {
      config = newConfig;
      client.reconfigure(newConfig);
    }
  }

  /** Ends the feeds and takes the member's objects out of the cache. */
  void leave() {
    close();
    synchronized (sinks) {
      sinks.forEach(FeedSink::leave);
    }
  }

  void close() {
    supervisor.interrupt();
    try {
      supervisor.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    client.close();
    firstAttempt.complete(null);
  }

  private void supervise() {
    Backoff backoff =
        new Backoff(
            settings.firstBackoff(), settings.longestBackoff(), ThreadLocalRandom.current());
    try {
      while (true) {
        try {
          String uid = identify();
          problem = "";
          backoff.reset();
          follow(new Member(name, uid));
        } catch (IOException e) {
          if (problem.isEmpty() || !firstAttempt.isDone()) {
            log.atWarn()
                .addKeyValue("member", name)
                .addKeyValue("error", e.getMessage())
                .log("the member can't be reached");
          }
          problem = String.valueOf(e.getMessage());
          firstAttempt.complete(null);
          Thread.sleep(backoff.next());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs the feeds until the member proves to be another cluster. */
  private void follow(Member member) throws InterruptedException {
    CountDownLatch rebuilt = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    synchronized (sinks) {
      sinks.clear();
      for (CachedKind kind : kinds) {
        FeedSink sink = cache.join(kind, member);
        sinks.add(sink);
        Reflector reflector =
            new Reflector(
                client,
                kind.resource().apiPath() + "/" + kind.resource().resource(),
                FeedFormat.of(kind.encoding()),
                sink,
                settings,
                ThreadLocalRandom.current(),
                () -> confirm(member, rebuilt));
        threads.add(
            Thread.ofVirtual()
                .name("feed " + name + " " + kind.resource().groupResource())
                .unstarted(reflector));
      }
    }
    firstAttempt.complete(null);
    try {
      threads.forEach(Thread::start);
      rebuilt.await();
    } finally {
      threads.forEach(Thread::interrupt);
      for (Thread thread : threads) {
        joinUninterrupted(thread);
      }
    }
  }

  private static void joinUninterrupted(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void confirm(Member member, CountDownLatch rebuilt)
      throws IOException, InterruptedException {
    String uid = identify();
    if (!uid.equals(member.uid())) {
      log.atWarn()
          .addKeyValue("member", name)
          .addKeyValue("was", member.uid())
          .addKeyValue("is", uid)
          .log("another cluster answers under the member's name");
      rebuilt.countDown();
      throw new InterruptedException();
    }
  }

  private String identify() throws IOException, InterruptedException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    new FeedStream((ByteBuf chunk, Credit credit) -> copy(chunk, body))
        .run(client, IDENTITY, "application/json", settings.silence());
    String uid = JSON.readTree(body.toByteArray()).path("metadata").path("uid").asText("");
    if (uid.isEmpty()) {
      throw new IOException(IDENTITY + " has no UID");
    }
    return uid;
  }

  private static void copy(ByteBuf chunk, ByteArrayOutputStream target) {
    byte[] bytes = new byte[chunk.readableBytes()];
    chunk.readBytes(bytes);
    target.writeBytes(bytes);
  }
}
