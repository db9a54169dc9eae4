package io.multicluster.server.transport;

import io.netty.channel.Channel;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** All open connections: counts them against the limit, and ends them. For any thread. */
final class ConnectionRegistry {
  private final int limit;
  private final AtomicInteger open = new AtomicInteger();
  private final Map<Channel, Serving> serving = new ConcurrentHashMap<>();
  private final CountDownLatch empty = new CountDownLatch(1);
  private volatile boolean draining;

  private record Serving(ServerConnection connection, List<X509Certificate> certificates) {}

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

  /** Knows how to end {@code client} from now on: its protocol is settled. */
  void serving(ClientConnection client, ServerConnection connection) {
    serving.put(client.channel(), new Serving(connection, client.clientCertificates()));
    client.channel().closeFuture().addListener(_ -> serving.remove(client.channel()));
    if (draining) {
      connection.drain();
    }
  }

  int count() {
    return open.get();
  }

  void drain() {
    draining = true;
    serving.values().forEach(each -> each.connection.drain());
    if (open.get() == 0) {
      empty.countDown();
    }
  }

  /** Returns whether all connections closed in time. */
  boolean awaitEmpty(long nanos) throws InterruptedException {
    return empty.await(nanos, TimeUnit.NANOSECONDS);
  }

  /**
   * Ends the connections of some clients with all that is under way on them.
   *
   * @return how many
   */
  int closeIf(Predicate<List<X509Certificate>> certificates) {
    int closed = 0;
    for (Serving each : serving.values()) {
      if (!each.certificates.isEmpty() && certificates.test(each.certificates)) {
        each.connection.closeNow();
        closed++;
      }
    }
    return closed;
  }

  void closeAll() {
    serving.values().forEach(each -> each.connection.closeNow());
  }
}
