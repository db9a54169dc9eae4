package io.multicluster.server.transport;

import io.netty.channel.Channel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** All open connections: counts them against the limit, and ends them. For any thread. */
final class ConnectionRegistry {
  private final int limit;
  private final AtomicInteger open = new AtomicInteger();
  private final Map<Channel, ServerConnection> serving = new ConcurrentHashMap<>();
  private final CountDownLatch empty = new CountDownLatch(1);
  private volatile boolean draining;

  ConnectionRegistry(int limit) {
    this.limit = limit;
  }

  /** Returns whether the channel may stay; its place is free again once it closes. */
  boolean admit(Channel channel) {
    if (open.incrementAndGet() > limit || draining) {
      leave();
      return false;
    }
    channel.closeFuture().addListener(_ -> leave());
    return true;
  }

  private void leave() {
    if (open.decrementAndGet() == 0 && draining) {
      empty.countDown();
    }
  }

  /** Knows how to end {@code channel} from now on: its protocol is settled. */
  void serving(Channel channel, ServerConnection connection) {
    serving.put(channel, connection);
    channel.closeFuture().addListener(_ -> serving.remove(channel));
    if (draining) {
      connection.drain();
    }
  }

  int count() {
    return open.get();
  }

  void drain() {
    draining = true;
    serving.values().forEach(ServerConnection::drain);
    if (open.get() == 0) {
      empty.countDown();
    }
  }

  /** Returns whether all connections closed in time. */
  boolean awaitEmpty(long nanos) throws InterruptedException {
    return empty.await(nanos, TimeUnit.NANOSECONDS);
  }

  void closeAll() {
    serving.values().forEach(ServerConnection::closeNow);
  }
}
