package io.multicluster.proxy;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.proxy.HttpProxyHandler;
import io.netty.handler.proxy.ProxyHandler;
import io.netty.handler.proxy.Socks5ProxyHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.resolver.NoopAddressResolverGroup;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to connect to an upstream: its servers and their addresses are tried in order until
 * one has completed TCP, TLS and what {@link Protocol} adds. Confined to the event loop.
 *
 * @param <T> what a complete connection is
 */
final class Dialer<T> {
  /** Makes something of a channel whose TLS handshake is done. */
  interface Protocol<T> {
    /**
     * @param alpn the protocol agreed on; null if the server knows no ALPN
     * @param ready to be told the outcome; if it fails the channel is closed
     */
    void start(Channel channel, Server server, @Nullable String alpn, Promise<T> ready);
  }

  private record Candidate(Server server, InetSocketAddress address) {}

  private final Target target;
  private final SslContext tls;
  private final EventLoop loop;
  private final long timeoutMillis;
  private final Protocol<T> protocol;
  private final Promise<T> outcome;
  private final Deque<Server> servers;
  private final Deque<Candidate> candidates = new ArrayDeque<>();
  private String lastError = "";
  private @Nullable Throwable lastCause;

  private Dialer(
      Target target,
      List<Server> inOrder,
      SslContext tls,
      EventLoop loop,
      UpstreamLimits limits,
      Protocol<T> protocol) {
    this.target = target;
    this.tls = tls;
    this.loop = loop;
    this.protocol = protocol;
    timeoutMillis = limits.connectTimeout().toMillis();
    outcome = loop.newPromise();
    servers = new ArrayDeque<>(inOrder);
  }

  /**
   * @param servers of the target, in the order in which to try them
   * @return fails with {@link DialException}
   */
  static <T> Future<T> dial(
      Target target,
      List<Server> servers,
      SslContext tls,
      EventLoop loop,
      UpstreamLimits limits,
      Protocol<T> protocol) {
    Dialer<T> dialer = new Dialer<>(target, servers, tls, loop, limits, protocol);
    dialer.next();
    return dialer.outcome;
  }

  private void next() {
    Candidate candidate = candidates.poll();
    if (candidate != null) {
      connect(candidate);
      return;
    }
    Server server = servers.poll();
    if (server == null) {
      outcome.setFailure(new DialException(lastError, lastCause));
      return;
    }
    if (target.config().proxy() != null) {
      // The proxy resolves the name.
      candidates.add(
          new Candidate(server, InetSocketAddress.createUnresolved(server.host(), server.port())));
      next();
    } else {
      resolve(
          server.host(),
          all -> {
            for (InetAddress address : all) {
              candidates.add(new Candidate(server, new InetSocketAddress(address, server.port())));
            }
            next();
          });
    }
  }

  /** Off the event loop, since the system's resolver blocks. */
  private void resolve(String host, Consumer<List<InetAddress>> then) {
    byte[] literal = NetUtil.createByteArrayFromIpAddressString(host);
    try {
      if (literal != null) {
        then.accept(List.of(InetAddress.getByAddress(literal)));
        return;
      }
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 4 or 16 bytes", e);
    }
    Thread.ofVirtual()
        .name("resolve " + host)
        .start(() -> {
          try {
            List<InetAddress> all = List.of(InetAddress.getAllByName(host));
            loop.execute(() -> then.accept(all));
          } catch (UnknownHostException e) {
            loop.execute(() -> failed(host, e));
          }
        });
  }

  private void failed(String address, Throwable cause) {
    lastError = UpstreamErrors.dialing(address, cause);
    lastCause = cause;
    next();
  }

  private void connect(Candidate candidate) {
    URI proxy = target.config().proxy();
    if (proxy == null) {
      connect(candidate, null);
    } else {
      resolve(
          proxy.getHost(),
          all -> connect(candidate, new InetSocketAddress(all.getFirst(), port(proxy))));
    }
  }

  private void connect(Candidate candidate, @Nullable InetSocketAddress proxyAddress) {
    Server server = candidate.server();
    Promise<T> ready = loop.newPromise();
    boolean epoll = loop instanceof IoEventLoop io && io.isIoType(EpollIoHandler.class);
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loop)
            .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
            .resolver(NoopAddressResolverGroup.INSTANCE)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) timeoutMillis)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            .option(ChannelOption.RECVBUF_ALLOCATOR, ReadSizes.BOUNDED)
            .handler(new Initializer(server, proxyAddress, ready));
    if (epoll) {
      // What has no pings of its own (HTTP/1.1, upgrades) is found dead after 45 s too.
      bootstrap
          .option(EpollChannelOption.TCP_KEEPIDLE, 30)
          .option(EpollChannelOption.TCP_KEEPINTVL, 5)
          .option(EpollChannelOption.TCP_KEEPCNT, 3);
    }
    ChannelFuture connected = bootstrap.connect(candidate.address());
    Channel channel = connected.channel();
    connected.addListener(future -> {
      if (!future.isSuccess()) {
        ready.tryFailure(future.cause());
      }
    });
    Future<?> timer =
        loop.schedule(
            () -> ready.tryFailure(new HandshakeTimeoutException()),
            timeoutMillis,
            TimeUnit.MILLISECONDS);
    ready.addListener((Future<T> future) -> {
      timer.cancel(false);
      if (future.isSuccess()) {
        outcome.setSuccess(future.getNow());
      } else {
        channel.close();
        failed(address(candidate), future.cause());
      }
    });
  }

  private static String address(Candidate candidate) {
    InetAddress resolved = candidate.address().getAddress();
    return resolved == null
        ? candidate.server().address()
        : NetUtil.toSocketAddressString(candidate.address());
  }

  private static int port(URI proxy) {
    if (proxy.getPort() >= 0) {
      return proxy.getPort();
    }
    return switch (proxy.getScheme()) {
      case "https" -> 443;
      case "socks5" -> 1080;
      default -> 80;
    };
  }

  private final class Initializer extends ChannelInitializer<Channel> {
    private final Server server;
    private final @Nullable InetSocketAddress proxyAddress;
    private final Promise<T> ready;

    Initializer(Server server, @Nullable InetSocketAddress proxyAddress, Promise<T> ready) {
      this.server = server;
      this.proxyAddress = proxyAddress;
      this.ready = ready;
    }

    @Override
    protected void initChannel(Channel channel) throws SSLException {
      ChannelPipeline pipeline = channel.pipeline();
      URI proxy = target.config().proxy();
      if (proxy != null && proxyAddress != null) {
        addProxy(pipeline, proxy, proxyAddress);
      }
      String name = target.config().tlsServerName();
      SslHandler ssl =
          tls.newHandler(channel.alloc(), name == null ? server.host() : name, server.port());
      ssl.setHandshakeTimeoutMillis(timeoutMillis);
      pipeline.addLast(ssl);
      pipeline.addLast(new AwaitHandshake(server, ready));
    }

    private void addProxy(ChannelPipeline pipeline, URI proxy, InetSocketAddress address)
        throws SSLException {
      if (proxy.getScheme().equals("https")) {
        pipeline.addLast(
            SslContextBuilder.forClient()
                .build()
                .newHandler(pipeline.channel().alloc(), proxy.getHost(), port(proxy)));
      }
      String user = proxy.getUserInfo();
      int colon = user == null ? -1 : user.indexOf(':');
      String name = user == null ? "" : colon < 0 ? user : user.substring(0, colon);
      String password = user == null || colon < 0 ? "" : user.substring(colon + 1);
      ProxyHandler handler =
          proxy.getScheme().equals("socks5")
              ? user == null
                  ? new Socks5ProxyHandler(address)
                  : new Socks5ProxyHandler(address, name, password)
              : user == null
                  ? new HttpProxyHandler(address)
                  : new HttpProxyHandler(address, name, password);
      handler.setConnectTimeoutMillis(timeoutMillis);
      pipeline.addLast(handler);
    }
  }

  private final class AwaitHandshake extends ChannelInboundHandlerAdapter {
    private final Server server;
    private final Promise<T> ready;

    AwaitHandshake(Server server, Promise<T> ready) {
      this.server = server;
      this.ready = ready;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
      if (event instanceof SslHandshakeCompletionEvent handshake) {
        if (handshake.isSuccess()) {
          String alpn = ctx.pipeline().get(SslHandler.class).applicationProtocol();
          protocol.start(ctx.channel(), server, alpn, ready);
          ctx.pipeline().remove(this);
        } else {
          ready.tryFailure(handshake.cause());
        }
      }
      super.userEventTriggered(ctx, event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ready.tryFailure(
          cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause);
    }
  }

  private static final class HandshakeTimeoutException extends IOException {
    private static final long serialVersionUID = 1L;

    HandshakeTimeoutException() {
      super("i/o timeout");
    }
  }
}
