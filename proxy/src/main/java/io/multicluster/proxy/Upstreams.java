package io.multicluster.proxy;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Opens clients that share event loops. */
public final class Upstreams {
  /** Kubernetes replaces projected tokens long before they end; nothing is lost in this time. */
  private static final Duration RELOAD_INTERVAL = Duration.ofSeconds(10);

  private final EventLoopGroup group;
  private final UpstreamLimits limits;

  /**
   * @param group of epoll or NIO loops; best that of the server, so that proxied bytes stay on one
   *     thread. It stays the caller's to shut down.
   */
  public Upstreams(EventLoopGroup group, UpstreamLimits limits) {
    this.group = group;
    this.limits = limits;
  }

  /** Event loops on epoll where it is available, else on NIO. */
  public static EventLoopGroup eventLoops(String name, int threads) {
    return new MultiThreadIoEventLoopGroup(
        threads,
        new DefaultThreadFactory(name, true),
        Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  }

  /**
   * Opens a client; it connects when it is first needed.
   *
   * @throws IllegalArgumentException if certificates or key can't be used
   */
  public UpstreamClient open(String name, UpstreamConfig config) {
    return new NettyUpstreamClient(name, config, group, limits, () -> {});
  }

  /**
   * Opens a client from a kubeconfig, which with the files that it names is read again every ten
   * seconds, and at once when the server refuses the credentials. A broken change is logged and the
   * last good state kept.
   *
   * @throws IOException if a file can't be read
   * @throws IllegalArgumentException if its content can't be used
   */
  public UpstreamClient open(String name, Path kubeconfig) throws IOException {
    return open(name, kubeconfig, List.of());
  }

  /**
   * The same for several equal API servers with one identity. Each is asked every few seconds
   * whether it is ready, and requests go to one that is.
   *
   * @param servers their URLs, in place of the kubeconfig's own; empty for that
   * @throws IOException if a file can't be read
   * @throws IllegalArgumentException if its content or an URL can't be used
   */
  public UpstreamClient open(String name, Path kubeconfig, List<URI> servers) throws IOException {
    return ReloadingClient.open(name, kubeconfig, servers, RELOAD_INTERVAL, group, limits);
  }
}
