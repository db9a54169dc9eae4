package io.multicluster.testclusters.simulated;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP/2 and HTTP/1.1 over TLS on 127.0.0.1. Each request is handled on a virtual thread of its
 * own. Pipelined HTTP/1.1 requests are not kept in order; no Kubernetes client sends them.
 */
final class Transport {
  private static final Logger LOG = LoggerFactory.getLogger(Transport.class);

  /** More than any API server takes, so that the refusal is a Status of ours. */
  private static final int MAX_BODY = 16 << 20;

  private final EventLoopGroup loops;
  private final SslContext tls;
  private final ExecutorService handlers;
  private final Handler handler;
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private volatile boolean frozen;
  private @Nullable Channel listener;
  private int port;

  /** Handles one request; on a virtual thread. */
  @FunctionalInterface
  interface Handler {
    void handle(ServerRequest request, ServerResponse response);
  }

  Transport(EventLoopGroup loops, SslContext tls, ExecutorService handlers, Handler handler) {
    this.loops = loops;
    this.tls = tls;
    this.handlers = handlers;
    this.handler = handler;
  }

  /** Listens: on {@code wantedPort} the first time (0: any free one), then on the same again. */
  synchronized void listen(int wantedPort) {
    if (listener != null) {
      return;
    }
    ServerBootstrap server =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(new Connection())
            .localAddress(
                new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), port == 0 ? wantedPort : port));
    ChannelFuture bound = server.bind().awaitUninterruptibly();
    // A closed listener lets go of its port when its event loop selects again, which may take long.
    for (int i = 0; bound.cause() instanceof BindException && port != 0 && i < 1000; i++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      bound = server.bind().awaitUninterruptibly();
    }
    Channel channel = bound.syncUninterruptibly().channel();
    listener = channel;
    port = ((InetSocketAddress) channel.localAddress()).getPort();
  }

  synchronized int port() {
    return port;
  }

  /** New connections are refused; those that are open stay. */
  synchronized void stopListening() {
    Channel channel = listener;
    if (channel != null) {
      listener = null;
      channel.close().syncUninterruptibly();
    }
  }

  /** Closes all connections without a word of HTTP. */
  void dropConnections() {
    connections.close().awaitUninterruptibly();
  }

  /** Stops or resumes reading from the network: even pings stay unanswered. */
  void freeze(boolean on) {
    frozen = on;
    connections.forEach(channel -> channel.config().setAutoRead(!on));
  }

  private final class Connection extends ChannelInitializer<Channel> {
    @Override
    protected void initChannel(Channel channel) {
      connections.add(channel);
      channel.config().setAutoRead(!frozen);
      channel.pipeline().addLast(tls.newHandler(channel.alloc()), new Negotiated());
    }
  }

  private final class Negotiated extends ApplicationProtocolNegotiationHandler {
    Negotiated() {
      super(ApplicationProtocolNames.HTTP_1_1);
    }

    @Override
    protected void configurePipeline(ChannelHandlerContext context, String protocol) {
      if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
        context
            .pipeline()
            .addLast(
                Http2FrameCodecBuilder.forServer()
                    .initialSettings(
                        new Http2Settings().maxConcurrentStreams(250).maxHeaderListSize(1 << 20))
                    .build(),
                new Http2MultiplexHandler(
                    new ChannelInitializer<>() {
                      @Override
                      protected void initChannel(Channel stream) {
                        stream.pipeline().addLast(new Http2StreamFrameToHttpObjectCodec(true));
                        exchange(stream);
                      }
                    }),
                new QuietEnd());
      } else {
        context.pipeline().addLast(new HttpServerCodec());
        exchange(context.channel());
      }
    }

    @Override
    protected void handshakeFailure(ChannelHandlerContext context, Throwable cause) {
      LOG.debug("TLS handshake failed", cause);
      var _ = context.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      LOG.debug("connection failed", cause);
      var _ = context.close();
    }
  }

  /** A connection that breaks is no news. */
  private static final class QuietEnd extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      LOG.debug("connection failed", cause);
      var _ = context.close();
    }
  }

  private void exchange(Channel channel) {
    channel.attr(Writability.KEY).set(new Writability());
    channel.pipeline().addLast(new HttpObjectAggregator(MAX_BODY), new Requests());
  }

  private final class Requests extends SimpleChannelInboundHandler<FullHttpRequest> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest in) {
      Channel channel = context.channel();
      boolean http2 = channel.parent() != null && channel.pipeline().get(SslHandler.class) == null;
      ServerRequest request =
          ServerRequest.of(
              in.method().name(),
              in.uri(),
              in.headers().copy(),
              ByteBufUtil.getBytes(in.content()),
              clientCertificate(http2 ? Objects.requireNonNull(channel.parent()) : channel));
      ServerResponse response =
          new ServerResponse(
              channel, http2 || HttpUtil.isKeepAlive(in), in.method().name().equals("HEAD"));
      handlers.execute(() -> handler.handle(request, response));
    }

    private static @Nullable X509Certificate clientCertificate(Channel connection) {
      SslHandler ssl = connection.pipeline().get(SslHandler.class);
      try {
        return ssl.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate x509
            ? x509
            : null;
      } catch (SSLPeerUnverifiedException e) {
        return null;
      }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      context.channel().attr(Writability.KEY).get().changed();
      context.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      context.channel().attr(Writability.KEY).get().changed();
      context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      LOG.debug("exchange failed", cause);
      var _ = context.close();
    }
  }
}
