package io.multicluster.proxy;

import io.netty.channel.EventLoopGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;

/** What tests of upstream clients share: one event loop, and what is closed after each test. */
@ExtendWith(Leaks.class)
abstract class UpstreamFixture {
  static final TestPki PKI = new TestPki();
  static EventLoopGroup group;

  /** Closed in reverse order. */
  final List<AutoCloseable> open = new ArrayList<>();

  @BeforeAll
  static void startLoops() {
    group = Upstreams.eventLoops("test", 1);
  }

  @AfterAll
  static void stopLoops() {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable closeable : open.reversed()) {
      closeable.close();
    }
  }

  UpstreamClient open(UpstreamConfig config, UpstreamLimits limits) {
    UpstreamClient client = new Upstreams(group, limits).open("test", config);
    open.add(client);
    return client;
  }

  static UpstreamLimits limits(int window) {
    UpstreamLimits d = UpstreamLimits.DEFAULT;
    return limits(window, d.streamsPerConnection(), d.connections(), d.waiting());
  }

  static UpstreamLimits limits(int window, int streams, int connections, int waiting) {
    UpstreamLimits d = UpstreamLimits.DEFAULT;
    return new UpstreamLimits(
        d.connectTimeout(),
        d.queueTimeout(),
        d.pingAfter(),
        d.pingTimeout(),
        d.idleTimeout(),
        d.checkInterval(),
        window,
        streams,
        connections,
        waiting,
        d.breakerFailures(),
        d.breakerPause(),
        d.breakerLongestPause());
  }
}
