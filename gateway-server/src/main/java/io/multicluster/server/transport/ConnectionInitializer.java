package io.multicluster.server.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts TLS in front of a new connection, and behind it the protocol that ALPN agrees on. */
final class ConnectionInitializer extends ChannelInitializer<Channel> {
  private static final Logger LOG = LoggerFactory.getLogger(ConnectionInitializer.class);

  private final Supplier<SslContext> tls;
  private final TransportLimits limits;
  private final ConnectionRegistry registry;
  private final RequestHandler handler;

  /**
   * @param tls the context for connections from now on; asked for each
   */
  ConnectionInitializer(
      Supplier<SslContext> tls,
      TransportLimits limits,
      ConnectionRegistry registry,
      RequestHandler handler) {
    this.tls = tls;
    this.limits = limits;
    this.registry = registry;
    this.handler = handler;
  }

  @Override
  protected void initChannel(Channel channel) {
    if (!registry.admit(channel)) {
      channel.close();
      return;
    }
    SslHandler ssl = tls.get().newHandler(channel.alloc());
    ssl.setHandshakeTimeoutMillis(limits.handshakeTimeout().toMillis());
    channel.pipeline().addLast(ssl, new Negotiation(ssl));
  }

  private final class Negotiation extends ApplicationProtocolNegotiationHandler {
    private final SslHandler ssl;

    Negotiation(SslHandler ssl) {
      super(ApplicationProtocolNames.HTTP_1_1);
      this.ssl = ssl;
    }

    @Override
    protected void configurePipeline(ChannelHandlerContext ctx, String protocol) {
      Channel channel = ctx.channel();
      ClientConnection client = ClientConnection.of(channel, ssl);
      if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
        Http2ServerConnection connection = Http2ServerConnection.create(client, limits, handler);
        channel.pipeline().addLast(new EmptyFlushFilter(), connection);
        registry.serving(client, connection);
      } else {
        registry.serving(client, Http1ServerConnection.install(client, limits, handler));
      }
    }

    @Override
    protected void handshakeFailure(ChannelHandlerContext ctx, Throwable cause) {
      LOG.debug(
          "TLS handshake with {} failed: {}", ctx.channel().remoteAddress(), cause.toString());
      ctx.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (cause instanceof IOException || cause instanceof DecoderException) {
        LOG.debug("Connection of {} failed: {}", ctx.channel().remoteAddress(), cause.toString());
      } else {
        LOG.error("A connection can't be served", cause);
      }
      ctx.close();
    }
  }
}
