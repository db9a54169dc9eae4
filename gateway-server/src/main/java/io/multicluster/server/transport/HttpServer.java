package io.multicluster.server.transport;

import io.multicluster.proxy.ReadSizes;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The listener: HTTP/2 and HTTP/1.1 over TLS, client certificates asked for but not judged. For any
 * thread, but not for event loops: {@link #drain} waits.
 */
public final class HttpServer implements AutoCloseable {
  private final Channel listener;
  private final ConnectionRegistry registry;

  private HttpServer(Channel listener, ConnectionRegistry registry) {
    this.listener = listener;
    this.registry = registry;
  }

  /**
   * What all answers of a connection together have encrypted but not yet sent. More than Netty's
   * default lets the answers to requests that came in one read leave in one write; each answer is
   * bounded by itself.
   */
  private static final WriteBufferWaterMark UNDER_WAY =
      new WriteBufferWaterMark(64 * 1024, 256 * 1024);

  /**
   * Binds and serves from then on.
   *
   * @param address port 0 picks a free one; see {@link #address}
   * @param tls asked at each connection, so that a renewed certificate is served at once
   * @throws IOException if the address can't be bound
   */
  public static HttpServer start(
      InetSocketAddress address,
      EventLoopGroup loops,
      Class<? extends ServerChannel> channelType,
      Supplier<SslContext> tls,
      TransportLimits limits,
      RequestHandler handler)
      throws IOException {
    ConnectionRegistry registry = new ConnectionRegistry(limits.maxConnections());
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channel(channelType)
            .option(ChannelOption.SO_BACKLOG, 4096)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, UNDER_WAY)
            .childOption(ChannelOption.RECVBUF_ALLOCATOR, ReadSizes.BOUNDED)
            .childHandler(new ConnectionInitializer(tls, limits, registry, handler));
    var bound = bootstrap.bind(address).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(
          "Can't listen on " + address + ": " + bound.cause().getMessage(), bound.cause());
    }
    return new HttpServer(bound.channel(), registry);
  }

  /** Where the server listens, with the port it really has. */
  public InetSocketAddress address() {
    return (InetSocketAddress) listener.localAddress();
  }

  public int connections() {
    return registry.count();
  }

  /**
   * Ends the connections whose clients presented certificates of which {@code certificates} is
   * true, watches and upgraded ones included.
   *
   * @param certificates gets what a client presented, leaf first, never empty
   * @return how many
   */
  public int closeConnections(Predicate<List<X509Certificate>> certificates) {
    return registry.closeIf(certificates);
  }

  /**
   * Takes no new connections and requests, waits until those under way have ended, at most for
   * {@code patience}, and closes what is left.
   *
   * @return whether everything ended by itself
   */
  public boolean drain(Duration patience) throws InterruptedException {
    listener.close().awaitUninterruptibly();
    registry.drain();
    boolean ended = registry.awaitEmpty(patience.toNanos());
    if (!ended) {
      registry.closeAll();
    }
    return ended;
  }

  /** Drops everything at once. Idempotent. */
  @Override
  public void close() {
    listener.close().awaitUninterruptibly();
    registry.drain();
    registry.closeAll();
  }
}
