package io.multicluster.proxy;

import io.multicluster.wire.http.RequestHead;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client that follows its kubeconfig, on a virtual thread of its own. */
final class ReloadingClient implements UpstreamClient {
  private static final Logger LOG = LoggerFactory.getLogger(ReloadingClient.class);

  /** Between two readings, however often the server refuses. */
  private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(1);

  private final Path kubeconfig;
  private final List<URI> servers;
  private final Duration interval;
  private final Semaphore refused;
  private final UpstreamClient client;
  private final Thread thread;

  private ReloadingClient(
      Path kubeconfig,
      List<URI> servers,
      Duration interval,
      Semaphore refused,
      UpstreamClient client) {
    this.kubeconfig = kubeconfig;
    this.servers = servers;
    this.interval = interval;
    this.refused = refused;
    this.client = client;
    thread = Thread.ofVirtual().name("reload " + client.name()).unstarted(this::follow);
  }

  /**
   * @param servers in place of the kubeconfig's own; empty for that
   */
  static UpstreamClient open(
      String name,
      Path kubeconfig,
      List<URI> servers,
      Duration interval,
      EventLoopGroup group,
      UpstreamLimits limits)
      throws IOException {
    Semaphore refused = new Semaphore(0);
    UpstreamConfig config = read(kubeconfig, servers);
    ReloadingClient client =
        new ReloadingClient(
            kubeconfig,
            servers,
            interval,
            refused,
            new NettyUpstreamClient(name, config, group, limits, refused::release));
    client.thread.start();
    return client;
  }

  private static UpstreamConfig read(Path kubeconfig, List<URI> servers) throws IOException {
    UpstreamConfig config = Kubeconfig.read(kubeconfig);
    return servers.isEmpty() ? config : config.withServers(servers);
  }

  private void follow() {
    String lastError = "";
    try {
      while (!Thread.currentThread().isInterrupted()) {
        boolean now = refused.tryAcquire(interval.toNanos(), TimeUnit.NANOSECONDS);
        refused.drainPermits();
        String error = reload();
        if (!error.isEmpty() && !error.equals(lastError)) {
          LOG.warn("{}: its configuration stays as it was: {}", name(), error);
        }
        lastError = error;
        if (now) {
          Thread.sleep(SHORTEST_INTERVAL);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // Closed.
    }
  }

  private String reload() {
    try {
      client.reconfigure(read(kubeconfig, servers));
      return "";
    } catch (IOException | IllegalArgumentException e) {
      return e.toString();
    }
  }

  @Override
  public String name() {
    return client.name();
  }

  @Override
  public UpstreamExchange send(UpstreamRequest request, ResponseReceiver receiver) {
    return client.send(request, receiver);
  }

  @Override
  public UpstreamResponse call(
      RequestHead head, byte @Nullable [] body, int maxBodyBytes, Duration timeout) {
    return client.call(head, body, maxBodyBytes, timeout);
  }

  @Override
  public UpstreamExchange upgrade(UpstreamRequest request, UpgradeReceiver receiver) {
    return client.upgrade(request, receiver);
  }

  @Override
  public void reconfigure(UpstreamConfig config) {
    client.reconfigure(config);
  }

  @Override
  public void close() {
    thread.interrupt();
    client.close();
  }
}
