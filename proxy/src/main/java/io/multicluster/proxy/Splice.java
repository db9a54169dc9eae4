package io.multicluster.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Two channels joined byte for byte, as long as both want. Confined to the one event loop that both
 * are on.
 *
 * <p>Back-pressure: a side whose peer has more than its high-water mark of unsent bytes is not read
 * until the peer is writable again.
 *
 * <p>Ends: a side that closes takes its peer with it, once that has sent what it still holds. As
 * with kube-apiserver there is no half-closed state: the protocols inside have their own (SPDY's
 * FIN, channel 255 of v5), and TLS libraries differ in whether they allow one.
 */
final class Splice {
  /** What a peer gets to send its rest after the other side has closed. */
  private static final long LINGER_SECONDS = 10;

  /** Written to the peer before it is flushed within one reading of the socket. */
  private static final int FLUSH_AT = 64 * 1024;

  private final Side upstream;
  private @Nullable Side client;

  private Splice(Channel channel) {
    upstream = new Side(channel);
    channel.pipeline().addLast(upstream);
  }

  /** Keeps what {@code upstream} sends until there is a client. */
  static Splice begin(Channel upstream) {
    return new Splice(upstream);
  }

  /** There will be no client. No effect if there is or was one. */
  void abandon() {
    if (client == null) {
      upstream.dropEarly();
      upstream.channel.close();
    }
  }

  void join(Channel channel) {
    Side joined = new Side(channel);
    client = joined;
    channel.pipeline().addLast(joined);
    joined.meet(upstream);
    upstream.meet(joined);
  }

  private static final class Side extends ChannelInboundHandlerAdapter {
    private final Channel channel;

    /**
     * What arrived before there was a peer: what was in flight when reading was switched off, kept
     * even if the channel closes meanwhile, since a short command may be over by then.
     */
    private final Queue<Object> early = new ArrayDeque<>(2);

    private @Nullable Side peer;
    private int unflushed;
    private boolean dropping;

    Side(Channel channel) {
      this.channel = channel;
    }

    void meet(Side other) {
      peer = other;
      for (Object message = early.poll(); message != null; message = early.poll()) {
        other.channel.write(message);
      }
      other.channel.flush();
      if (!channel.isActive()) {
        other.closeAfterRest();
      } else {
        channel.config().setAutoRead(other.channel.isWritable());
      }
    }

    void dropEarly() {
      dropping = true;
      for (Object message = early.poll(); message != null; message = early.poll()) {
        ReferenceCountUtil.release(message);
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      Side to = peer;
      if (dropping) {
        ReferenceCountUtil.release(message);
        return;
      }
      if (to == null) {
        early.add(message);
        return;
      }
      unflushed += message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
      to.channel.write(message);
      if (unflushed >= FLUSH_AT) {
        flush(to);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      if (peer != null && unflushed > 0) {
        flush(peer);
      }
    }

    private void flush(Side to) {
      unflushed = 0;
      to.channel.flush();
      if (!to.channel.isWritable()) {
        channel.config().setAutoRead(false);
      }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
      if (peer != null && channel.isWritable()) {
        peer.channel.config().setAutoRead(true);
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof SslCloseCompletionEvent) {
        ctx.close();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (peer != null) {
        peer.closeAfterRest();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close(); // An ordinary end of somebody's terminal: nothing to log.
    }

    private void closeAfterRest() {
      if (!channel.isActive()) {
        return;
      }
      channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
      // A stuck one does not get for ever.
      Future<?> lingering =
          channel.eventLoop().schedule(() -> channel.close(), LINGER_SECONDS, TimeUnit.SECONDS);
      channel.closeFuture().addListener(closed -> lingering.cancel(false));
    }
  }
}
