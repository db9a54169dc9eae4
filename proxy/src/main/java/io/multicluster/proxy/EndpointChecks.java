package io.multicluster.proxy;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.status.ApiException;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks each of an upstream's equal servers now and then whether it is ready ({@code /readyz}), over
 * a connection of its own, so that requests go to one that is: a server that can be connected to
 * may still have lost its store, or be on its way down. Any answer below 500 counts as ready, as
 * the account may not be allowed to ask. Safe for use by any thread.
 */
final class EndpointChecks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EndpointChecks.class);

  /** In a row: one may be bad luck. */
  private static final int FAILURES_TO_LEAVE = 2;

  private static final int MAX_ANSWER = 64 * 1024;

  private final long intervalMillis;
  private final Listener listener;
  private final Set<Server> unready = ConcurrentHashMap.newKeySet();
  private final List<UpstreamClient> probes = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  /** Told when a server that was ready is no longer, on a thread of the checks. */
  interface Listener {
    void unready(Server server);
  }

  private EndpointChecks(long intervalMillis, Listener listener) {
    this.intervalMillis = intervalMillis;
    this.listener = listener;
  }

  /**
   * Begins to ask. Until the first answers all servers are taken for ready.
   *
   * @param loop carries the checks' connections
   * @throws IllegalArgumentException if certificates or key can't be used
   */
  static EndpointChecks start(
      String name, UpstreamConfig config, EventLoop loop, UpstreamLimits limits, Listener told) {
    EndpointChecks checks = new EndpointChecks(limits.checkInterval().toMillis(), told);
    for (URI url : config.servers()) {
      Server server = Server.of(url);
      UpstreamClient probe =
          new NettyUpstreamClient(
              name + " at " + server.address(),
              config.withServers(List.of(url)),
              loop,
              limits,
              () -> {});
      checks.probes.add(probe);
      checks.threads.add(
          Thread.ofVirtual()
              .name("check " + probe.name())
              .start(() -> checks.follow(server, probe)));
    }
    return checks;
  }

  boolean isReady(Server server) {
    return !unready.contains(server);
  }

  private void follow(Server server, UpstreamClient probe) {
    int failures = 0;
    try {
      while (true) {
        failures = answersReady(probe) ? 0 : failures + 1;
        note(server, probe.name(), failures);
        Thread.sleep(intervalMillis);
      }
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean answersReady(UpstreamClient probe) {
    RequestHead question = new RequestHead("GET", "/readyz", "", new DefaultHttp2Headers(false));
    try {
      return probe.call(question, null, MAX_ANSWER, UpstreamLimits.CHECK_TIMEOUT).status() < 500;
    } catch (ApiException noAnswer) {
      return false;
    }
  }

  private void note(Server server, String name, int failures) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (failures == 0) {
      if (unready.remove(server)) {
        LOG.info("{}: ready again", name);
      }
    } else if (failures >= FAILURES_TO_LEAVE && unready.add(server)) {
      LOG.warn("{}: not ready, requests go to the other servers", name);
      listener.unready(server);
    }
  }

  @Override
  public void close() {
    threads.forEach(Thread::interrupt);
    probes.forEach(UpstreamClient::close);
  }
}
