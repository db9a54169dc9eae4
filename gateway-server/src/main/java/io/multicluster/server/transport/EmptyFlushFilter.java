package io.multicluster.server.transport;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/**
 * Keeps flushes from TLS when nothing was written since the last one. Netty's HTTP/2 handler
 * flushes after each read, "on the assumption that flush is cheap if there is nothing to write";
 * but {@code SslHandler} then takes a buffer and calls into BoringSSL to encrypt nothing.
 *
 * <p>Belongs between the two handlers, once the TLS handshake is done.
 */
final class EmptyFlushFilter extends ChannelOutboundHandlerAdapter {
  private boolean written;

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    written = true;
    ctx.write(message, promise);
  }

  @Override
  public void flush(ChannelHandlerContext ctx) {
    if (written) {
      written = false;
      ctx.flush();
    }
  }
}
