package io.multicluster.proxy;

import io.multicluster.wire.http.RequestHead;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The client: a pool for each event loop, one circuit breaker and one configuration for all. */
final class NettyUpstreamClient implements UpstreamClient {
  private final String name;
  private final CircuitBreaker breaker;
  private final IdentityHashMap<EventLoop, ConnectionPool> pools = new IdentityHashMap<>();
  private final List<ConnectionPool> inTurn = new ArrayList<>();
  private final AtomicInteger turn = new AtomicInteger();
  private final Runnable refused;
  private final UpstreamLimits limits;
  private volatile Target target;

  /** Null if there is no choice. */
  private volatile @Nullable EndpointChecks checks;

  private volatile @Nullable Server lastGood;
  private volatile String lastDialError = "";

  /**
   * @param refused told when the upstream answers 401: credentials may have rotated
   * @throws IllegalArgumentException if certificates or key can't be used
   */
  NettyUpstreamClient(
      String name,
      UpstreamConfig config,
      EventLoopGroup group,
      UpstreamLimits limits,
      Runnable refused) {
    this.name = name;
    this.refused = refused;
    this.limits = limits;
    target = Target.of(config, 0);
    breaker =
        new CircuitBreaker(
            System::nanoTime,
            limits.breakerFailures(),
            limits.breakerPause(),
            limits.breakerLongestPause());
    for (EventExecutor executor : group) {
      EventLoop loop = (EventLoop) executor;
      ConnectionPool pool = new ConnectionPool(this, loop, limits);
      pools.put(loop, pool);
      inTurn.add(pool);
    }
    checks = checksOf(config);
  }

  private @Nullable EndpointChecks checksOf(UpstreamConfig config) {
    return config.servers().size() == 1
        ? null
        : EndpointChecks.start(name, config, inTurn.getFirst().loop(), limits, this::leave);
  }

  @Override
  public String name() {
    return name;
  }

  Target target() {
    return target;
  }

  /**
   * All of a target's servers: those that are ready before the others, and of these the one that
   * could be connected to last before the others.
   */
  List<Server> servers(Target of) {
    List<Server> servers = new ArrayList<>(of.servers());
    Server good = lastGood;
    if (good != null && servers.remove(good)) {
      servers.addFirst(good);
    }
    EndpointChecks current = checks;
    if (current != null) {
      servers.sort(Comparator.comparing(server -> !current.isReady(server)));
    }
    return servers;
  }

  /** Requests under way go on; new ones go to another server, if one is ready. */
  private void leave(Server server) {
    if (avoids(server)) {
      onEachLoop(pool -> pool.leave(server));
    }
  }

  /** Whether a server is not ready while another one is. */
  boolean avoids(Server server) {
    EndpointChecks current = checks;
    return current != null
        && !current.isReady(server)
        && target.servers().stream().anyMatch(current::isReady);
  }

  void connected(Server server) {
    lastGood = server;
    breaker.succeeded();
  }

  CircuitBreaker breaker() {
    return breaker;
  }

  String lastDialError() {
    return lastDialError;
  }

  /** Returns whether this is news, to be logged. */
  boolean dialFailed(String why) {
    boolean news = !why.equals(lastDialError) || !breaker.isOpen();
    breaker.failed();
    lastDialError = why;
    return news;
  }

  void authorize(Http2Headers headers) {
    AsciiString authorization = target.authorization();
    if (authorization == null) {
      headers.remove(HttpHeaderNames.AUTHORIZATION);
    } else {
      headers.set(HttpHeaderNames.AUTHORIZATION, authorization);
    }
  }

  void credentialsRefused() {
    refused.run();
  }

  @Override
  public UpstreamExchange send(UpstreamRequest request, ResponseReceiver receiver) {
    return start(new Call(pool(request.eventLoop()), request, receiver, false), receiver);
  }

  @Override
  public UpstreamExchange upgrade(UpstreamRequest request, UpgradeReceiver receiver) {
    return start(new Call(pool(request.eventLoop()), request, receiver, true), receiver);
  }

  private static Call start(Call call, ResponseReceiver receiver) {
    receiver.begun(call);
    EventLoop loop = call.loop();
    if (loop.inEventLoop()) {
      call.start();
    } else {
      loop.execute(call::start);
    }
    return call;
  }

  private ConnectionPool pool(@Nullable EventLoop loop) {
    if (loop == null) {
      return inTurn.get(Math.floorMod(turn.getAndIncrement(), inTurn.size()));
    }
    ConnectionPool pool = pools.get(loop);
    if (pool == null) {
      throw new IllegalArgumentException("the event loop is not one of this client's group");
    }
    return pool;
  }

  @Override
  public UpstreamResponse call(
      RequestHead head, byte @Nullable [] body, int maxBodyBytes, Duration timeout) {
    WholeResponse response = new WholeResponse(name, maxBodyBytes);
    UpstreamRequest request =
        UpstreamRequest.of(head)
            .withBody(
                body == null
                    ? UpstreamRequest.Body.NONE
                    : new UpstreamRequest.Body.Whole(Unpooled.wrappedBuffer(body)))
            // The whole answer is timed.
            .withHeadTimeout(Duration.ZERO);
    return response.await(send(request, response), timeout);
  }

  @Override
  public synchronized void reconfigure(UpstreamConfig config) {
    Target current = target;
    if (current.config().equals(config)) {
      return;
    }
    if (current.config().sameConnections(config)) {
      target = current.withTokenOf(config);
    } else {
      target = Target.of(config, current.generation() + 1);
      breaker.reset();
      onEachLoop(ConnectionPool::renew);
    }
    stopChecks();
    checks = checksOf(config);
  }

  private void stopChecks() {
    EndpointChecks current = checks;
    if (current != null) {
      current.close();
    }
  }

  /** The counts of each pool. Blocks, and must not be called on an event loop. */
  List<ConnectionPool.Usage> usage() {
    return inTurn.stream()
        .map(pool -> pool.loop().submit(pool::usage).syncUninterruptibly().getNow())
        .toList();
  }

  @Override
  public synchronized void close() {
    stopChecks();
    onEachLoop(ConnectionPool::close);
  }

  private void onEachLoop(Consumer<ConnectionPool> action) {
    for (ConnectionPool pool : inTurn) {
      // A group that is shut down has closed its channels.
      if (!pool.loop().isShuttingDown()) {
        pool.loop().execute(() -> action.accept(pool));
      }
    }
  }
}
