package io.multicluster.proxy;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices a connection that has gone without a word: after some silence it asks for a sign of life,
 * and any byte read counts as one. Also closes a connection that nobody uses. Confined to the event
 * loop.
 */
final class KeepAlive {
  /** The connection that is watched over. */
  interface Connection {
    /** Asks the peer to send something. */
    void ping();

    /** Whether no request is under way. */
    boolean unused();

    void closeUnused();

    void lost();
  }

  private final EventLoop loop;
  private final Connection connection;
  private final long pingAfter;
  private final long pingTimeout;
  private final long idleTimeout;
  private long lastRead;
  private long lastUse;
  private long pingedAt;
  private boolean pinged;
  private @Nullable ScheduledFuture<?> timer;

  KeepAlive(EventLoop loop, Connection connection, UpstreamLimits limits) {
    this.loop = loop;
    this.connection = connection;
    pingAfter = limits.pingAfter().toNanos();
    pingTimeout = limits.pingTimeout().toNanos();
    idleTimeout = limits.idleTimeout().toNanos();
    lastRead = loop.ticker().nanoTime();
    lastUse = lastRead;
    schedule(Math.min(pingAfter, idleTimeout));
  }

  void read() {
    lastRead = loop.ticker().nanoTime();
  }

  void used() {
    lastUse = loop.ticker().nanoTime();
  }

  void stop() {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  private void schedule(long nanos) {
    timer = loop.schedule(this::check, nanos, TimeUnit.NANOSECONDS);
  }

  private void check() {
    long now = loop.ticker().nanoTime();
    long silent = now - lastRead;
    if (!connection.unused()) {
      lastUse = now;
    } else if (now - lastUse >= idleTimeout) {
      connection.closeUnused();
      return;
    }
    if (pinged && lastRead - pingedAt < 0) {
      connection.lost();
    } else if (silent >= pingAfter) {
      pinged = true;
      pingedAt = now;
      connection.ping();
      schedule(pingTimeout);
    } else {
      pinged = false;
      schedule(Math.min(pingAfter - silent, idleTimeout));
    }
  }
}
