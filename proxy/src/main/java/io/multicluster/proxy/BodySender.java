package io.multicluster.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Sends the bodies of a connection's requests as fast as the peer's windows (RFC 9113, 5.2) and the
 * socket take them; a frame of each in turn, so that a large one holds up no other. Bytes wait here
 * until {@link #send}, which belongs before each flush: a last part and an end that come together
 * share a frame. Confined to the event loop.
 */
final class BodySender {
  private final ChannelHandlerContext ctx;
  private final FrameWriter frames;

  /** Bodies with something to send, and a window of their own as far as is known. */
  private final Queue<Body> waiting = new ArrayDeque<>();

  private int initialWindow = UpstreamLimits.HTTP2_INITIAL_WINDOW;

  /** The connection's. */
  private int window = UpstreamLimits.HTTP2_INITIAL_WINDOW;

  BodySender(ChannelHandlerContext ctx, FrameWriter frames) {
    this.ctx = ctx;
    this.frames = frames;
  }

  Body body(int streamId) {
    return new Body(streamId);
  }

  /** The peer takes more on the connection. */
  void widen(int bytes) throws Http2Exception {
    if (window > Integer.MAX_VALUE - bytes) {
      throw Http2Exception.connectionError(
          Http2Error.FLOW_CONTROL_ERROR, "the connection's window exceeds 2^31-1");
    }
    window += bytes;
  }

  /**
   * Sets what new streams begin with.
   *
   * @return by how much the windows of streams change (RFC 9113, 6.9.2)
   */
  int initialWindow(int bytes) {
    int change = bytes - initialWindow;
    initialWindow = bytes;
    return change;
  }

  /** Whether there is something that may be sent, as far as is known. */
  boolean waits() {
    return !waiting.isEmpty();
  }

  /** Writes as much as windows and the socket take, without a flush. */
  void send() {
    while (ctx.channel().isWritable()) {
      Body body = waiting.peek();
      if (body == null || (window == 0 && body.needsWindow())) {
        return;
      }
      waiting.remove();
      body.waits = false;
      if (body.isReady()) {
        body.sendFrame();
      }
      body.waitIfReady();
    }
  }

  /**
   * A part of a body.
   *
   * @param trailers null if it is not the end, or there are none
   */
  private record Part(
      ByteBuf bytes, boolean last, @Nullable Http2Headers trailers, Runnable written) {}

  /** One request's. */
  final class Body {
    private final int streamId;
    private final ArrayDeque<Part> parts = new ArrayDeque<>();

    /** Below 0 after the peer has reduced its initial window. */
    private int own = initialWindow;

    private boolean waits;

    /** Whether the peer has all of it, or was told that it won't. */
    private boolean over;

    private Body(int streamId) {
      this.streamId = streamId;
    }

    boolean over() {
      return over;
    }

    /** As {@link LinkStream#write}. */
    void write(ByteBuf bytes, boolean last, Runnable written) {
      add(new Part(bytes, last, null, written));
    }

    /** As {@link LinkStream#end}. */
    void end(@Nullable Http2Headers trailers) {
      Http2Headers some = trailers == null || trailers.isEmpty() ? null : trailers;
      add(new Part(Unpooled.EMPTY_BUFFER, true, some, OutgoingBody.NOTHING));
    }

    private void add(Part part) {
      parts.add(part);
      if (parts.size() == 1 && !needsWindow()) {
        // Not behind others that wait for the connection's window.
        sendFrame();
      } else {
        waitIfReady();
      }
    }

    /** The peer takes more of this one. */
    void widen(int bytes) throws Http2Exception {
      if ((long) own + bytes > Integer.MAX_VALUE) {
        throw Http2Exception.streamError(
            streamId, Http2Error.FLOW_CONTROL_ERROR, "the stream's window exceeds 2^31-1");
      }
      own += bytes;
      waitIfReady();
    }

    private void waitIfReady() {
      if (!waits && isReady()) {
        waits = true;
        waiting.add(this);
      }
    }

    private boolean isReady() {
      return !parts.isEmpty() && (own > 0 || !needsWindow());
    }

    private boolean needsWindow() {
      return !parts.isEmpty() && parts.element().bytes.isReadable();
    }

    private void sendFrame() {
      Part part = parts.element();
      int left = part.bytes.readableBytes();
      int count = Math.min(Math.min(left, frames.maxFrameSize()), Math.min(own, window));
      own -= count;
      window -= count;
      if (count < left) {
        frames.data(streamId, part.bytes.readRetainedSlice(count), false, ctx.voidPromise());
        return;
      }
      parts.remove();
      boolean last = part.last || endsWithout(parts.peek());
      over = last;
      if (part.trailers == null || !sendTrailers(part.trailers)) {
        frames.data(streamId, part.bytes, last, promise(part.written));
      }
    }

    /** Returns whether the peer takes as many; if not, it can do without (RFC 9110, 6.5.1). */
    private boolean sendTrailers(Http2Headers trailers) {
      try {
        frames.headers(streamId, trailers, true);
        return true;
      } catch (Http2Exception tooLarge) {
        return false;
      }
    }

    /** Whether what follows is but an end, which the frame before can say as well. */
    private boolean endsWithout(@Nullable Part next) {
      if (next == null || next.bytes.isReadable() || !next.last || next.trailers != null) {
        return false;
      }
      parts.remove();
      return true;
    }

    private ChannelPromise promise(Runnable written) {
      ChannelPromise promise = ctx.newPromise();
      promise.addListener(_ -> written.run());
      return promise;
    }

    /** The rest is not sent. */
    void drop() {
      over = true;
      if (waits) {
        waits = false;
        waiting.remove(this);
      }
      for (Part part = parts.poll(); part != null; part = parts.poll()) {
        part.bytes.release();
        part.written.run();
      }
    }
  }
}
