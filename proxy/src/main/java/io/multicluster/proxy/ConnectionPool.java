package io.multicluster.proxy;

import io.multicluster.wire.status.ApiException;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of one upstream on one event loop, and the requests that wait for them. A
 * client's request is served by a connection on the client's own loop, so that bytes never change
 * threads and nothing here needs a lock. Confined to the loop.
 */
final class ConnectionPool implements Link.Owner {
  private static final Logger LOG = LoggerFactory.getLogger(ConnectionPool.class);

  private final NettyUpstreamClient client;
  private final EventLoop loop;
  private final UpstreamLimits limits;

  /** Those that take requests, oldest first; retired ones finish by themselves. */
  private final List<Link> links = new ArrayList<>();

  /** Retired ones that still have requests. */
  private final List<Link> retired = new ArrayList<>();

  /** Connections of upgrades, before and after. */
  private final Set<Channel> own = new HashSet<>();

  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private int dialing;
  private boolean http1;
  private boolean closed;
  private boolean expiryScheduled;

  private record Waiting(Call call, long deadline) {}

  /**
   * The counts of one pool.
   *
   * @param connections pooled ones, retired included
   * @param upgrades connections that carry or ask for an upgrade
   * @param requests under way on pooled connections
   * @param waiting for room
   * @param dialing attempts to connect
   */
  record Usage(int connections, int upgrades, int requests, int waiting, int dialing) {}

  ConnectionPool(NettyUpstreamClient client, EventLoop loop, UpstreamLimits limits) {
    this.client = client;
    this.loop = loop;
    this.limits = limits;
  }

  EventLoop loop() {
    return loop;
  }

  String name() {
    return client.name();
  }

  Logger log() {
    return LOG;
  }

  /** Adds or takes away the credentials of now. */
  void authorize(Http2Headers headers) {
    client.authorize(headers);
  }

  void credentialsRefused() {
    client.credentialsRefused();
  }

  /** Starts the request now or as soon as there is room, or fails it. */
  void dispatch(Call call) {
    assert loop.inEventLoop();
    if (closed) {
      call.fail(unreachable());
      return;
    }
    for (Link link : links) {
      if (link.hasRoom()) {
        start(link, call);
        return;
      }
    }
    if (waiting.size() >= limits.waiting()) {
      call.fail(UpstreamErrors.unreachable("too many requests are waiting for " + name(), 1, null));
      return;
    }
    boolean open = client.breaker().isOpen();
    if (needsDial() && client.breaker().tryConnect()) {
      await(call);
      dial();
    } else if (open && links.isEmpty()) {
      call.fail(unreachable());
    } else {
      await(call);
    }
  }

  private ApiException unreachable() {
    return closed
        ? UpstreamErrors.unreachable(name() + " is not served any more", 0, null)
        : UpstreamErrors.unreachable(
            client.lastDialError(), client.breaker().retryAfterSeconds(), null);
  }

  private void start(Link link, Call call) {
    call.attempt();
    try {
      link.start(call);
    } catch (RuntimeException fault) {
      LOG.error("{}: a request can't be written", name(), fault);
      call.fail(ApiException.internal("the request can't be passed on", fault));
      link.retire();
    }
  }

  private boolean needsDial() {
    int perLink = http1 ? 1 : limits.streamsPerConnection();
    return links.size() + dialing < limits.connections() && waiting.size() >= dialing * perLink;
  }

  private void await(Call call) {
    waiting.add(new Waiting(call, loop.ticker().nanoTime() + limits.queueTimeout().toNanos()));
    scheduleExpiry();
  }

  private void scheduleExpiry() {
    Waiting first = waiting.peek();
    if (first != null && !expiryScheduled) {
      expiryScheduled = true;
      long delay = Math.max(0, first.deadline() - loop.ticker().nanoTime());
      loop.schedule(this::expire, delay, TimeUnit.NANOSECONDS);
    }
  }

  private void expire() {
    expiryScheduled = false;
    long now = loop.ticker().nanoTime();
    for (Waiting first = waiting.peek();
        first != null && first.deadline() - now <= 0;
        first = waiting.peek()) {
      waiting.poll();
      first
          .call()
          .fail(
              UpstreamErrors.unreachable(
                  "no connection to " + name() + " had room in time", 1, null));
    }
    scheduleExpiry();
  }

  /** A request that waits no more. */
  void forget(Call call) {
    waiting.removeIf(w -> w.call() == call);
  }

  private void dial() {
    dialing++;
    Target target = client.target();
    Dialer.dial(
            target, client.servers(target), target.tls().pooled(), loop, limits, this::established)
        .addListener((Future<Link> future) -> dialed(target, future));
  }

  private void established(
      Channel channel, Server server, @Nullable String alpn, Promise<Link> ready) {
    if (ApplicationProtocolNames.HTTP_2.equals(alpn)) {
      Http2Link.install(channel.pipeline(), server, limits, this, ready);
    } else {
      ready.trySuccess(Http1Link.install(channel, server, limits, this));
    }
  }

  /** Starts an upgrade on a connection of its own, or fails it. */
  void dialFor(Call call) {
    assert loop.inEventLoop();
    if (closed || !client.breaker().tryConnect()) {
      call.fail(unreachable());
      return;
    }
    Target target = client.target();
    Dialer.<Link>dial(
            target,
            client.servers(target),
            target.tls().upgrades(),
            loop,
            limits,
            (channel, server, alpn, ready) ->
                ready.trySuccess(Http1Link.install(channel, server, limits, this)))
        .addListener((Future<Link> future) -> dialedFor(call, future));
  }

  private void dialedFor(Call call, Future<Link> future) {
    if (!future.isSuccess()) {
      dialFailed(future.cause());
      call.fail(unreachable());
      return;
    }
    Link link = future.getNow();
    client.connected(link.server());
    if (closed || call.over()) {
      link.close();
      call.fail(unreachable());
      return;
    }
    own.add(link.channel());
    link.channel().closeFuture().addListener(closing -> own.remove(link.channel()));
    start(link, call);
    link.retire(); // Nobody else uses it: it closes after an answer that is not 101.
  }

  private void dialed(Target target, Future<Link> future) {
    dialing--;
    if (!future.isSuccess()) {
      dialFailed(future.cause());
      failWaiting(future.cause());
      return;
    }
    Link link = future.getNow();
    client.connected(link.server());
    http1 = link instanceof Http1Link;
    if (closed || link.isRetired() || target.generation() != client.target().generation()) {
      link.close();
      redial();
      return;
    }
    LOG.debug("{}: connected, {}", name(), link.channel());
    links.add(link);
    serve();
    if (client.avoids(link.server())) {
      link.retire(); // It was ready when this connection was begun.
    }
    redial();
  }

  private void dialFailed(Throwable cause) {
    String why = String.valueOf(cause.getMessage());
    if (client.dialFailed(why)) {
      LOG.warn("{}: can't be reached: {}", name(), why);
    }
  }

  private void failWaiting(Throwable cause) {
    if (!links.isEmpty() || dialing > 0) {
      return; // What waits may still find room.
    }
    ApiException error =
        UpstreamErrors.unreachable(
            client.lastDialError(), client.breaker().retryAfterSeconds(), cause);
    // Not those that come to wait while these are told.
    for (int i = waiting.size(); i > 0; i--) {
      Waiting next = waiting.poll();
      if (next != null) {
        next.call().fail(error);
      }
    }
  }

  /** Connections for those who still wait. */
  private void redial() {
    while (!closed && !waiting.isEmpty() && needsMore() && client.breaker().tryConnect()) {
      dial();
    }
  }

  private boolean needsMore() {
    int perLink = http1 ? 1 : limits.streamsPerConnection();
    return links.size() + dialing < limits.connections() && waiting.size() > dialing * perLink;
  }

  private void serve() {
    for (int i = 0; i < links.size() && !waiting.isEmpty(); i++) {
      Link link = links.get(i);
      while (link.hasRoom()) {
        Waiting next = waiting.poll();
        if (next == null) {
          return;
        }
        start(link, next.call());
      }
    }
  }

  @Override
  public void hasRoom(Link link) {
    if (!waiting.isEmpty()) {
      serve();
    }
  }

  @Override
  public void retired(Link link) {
    if (links.remove(link)) {
      retired.add(link);
      link.channel()
          .closeFuture()
          .addListener(future -> {
            retired.remove(link);
          });
      redial();
    }
  }

  /** New requests get new connections. */
  void renew() {
    assert loop.inEventLoop();
    for (Link link : List.copyOf(links)) {
      link.retire();
    }
  }

  /** New requests get connections to other servers. */
  void leave(Server server) {
    assert loop.inEventLoop();
    for (Link link : List.copyOf(links)) {
      if (link.server().equals(server)) {
        link.retire();
      }
    }
  }

  /** What is open and under way, to see that nothing is left over. */
  Usage usage() {
    assert loop.inEventLoop();
    int requests = 0;
    for (Link link : links) {
      requests += link.underWay();
    }
    for (Link link : retired) {
      requests += link.underWay();
    }
    return new Usage(links.size() + retired.size(), own.size(), requests, waiting.size(), dialing);
  }

  void close() {
    assert loop.inEventLoop();
    closed = true;
    for (Link link : List.copyOf(links)) {
      link.close();
    }
    for (Link link : List.copyOf(retired)) {
      link.close();
    }
    for (Channel channel : List.copyOf(own)) {
      channel.close();
    }
    for (Waiting next = waiting.poll(); next != null; next = waiting.poll()) {
      dispatch(next.call());
    }
  }
}
