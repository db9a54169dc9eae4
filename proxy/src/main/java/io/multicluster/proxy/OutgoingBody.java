package io.multicluster.proxy;

import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.http.BodySource;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request's body on its way to the stream of an attempt, which may be followed by that of another
 * attempt while the body can still be repeated. Confined to one event loop.
 */
sealed interface OutgoingBody {
  Runnable NOTHING = () -> {};

  /**
   * @param failed told, on {@code loop}, when the body can't be read to its end
   * @return null if the request has none
   */
  static @Nullable OutgoingBody of(
      UpstreamRequest.Body body, EventLoop loop, Consumer<Throwable> failed) {
    return switch (body) {
      case UpstreamRequest.Body.None none -> null;
      case UpstreamRequest.Body.Whole whole -> new Whole(whole.bytes());
      case UpstreamRequest.Body.Streamed streamed -> new Streamed(streamed.source(), loop, failed);
    };
  }

  /** Begins to take it in. */
  void begin();

  /** How many bytes it has; -1 if that is not known yet. */
  long length();

  /** Sends it from its beginning. */
  void sendTo(LinkStream stream);

  /** The stream is gone; another may follow if this {@link #repeatable()}. */
  void detach();

  boolean repeatable();

  /** An answer has begun: there will be no further attempt. */
  void answered();

  /**
   * The request is over: what is held is released.
   *
   * @param answered whether the client has its whole answer, and so must not be cut off
   */
  void discard(boolean answered);

  /** Bytes at hand. */
  final class Whole implements OutgoingBody {
    private @Nullable ByteBuf bytes;
    private final int length;

    Whole(ByteBuf bytes) {
      this.bytes = bytes;
      length = bytes.readableBytes();
    }

    @Override
    public void begin() {}

    @Override
    public long length() {
      return length;
    }

    @Override
    public void sendTo(LinkStream stream) {
      if (bytes != null) {
        stream.write(bytes.retainedDuplicate(), true, NOTHING);
      }
    }

    @Override
    public void detach() {}

    @Override
    public boolean repeatable() {
      return bytes != null;
    }

    @Override
    public void answered() {
      if (bytes != null) {
        bytes.release();
        bytes = null;
      }
    }

    @Override
    public void discard(boolean answered) {
      answered();
    }
  }

  /**
   * Bytes that arrive from a client. Its credit is returned as they leave for the upstream, so what
   * is in memory stays within the client's window. The first bytes are kept until an answer begins,
   * which is enough to repeat most writes after a GOAWAY.
   */
  final class Streamed implements OutgoingBody, BodyReceiver {
    private static final int KEEP = 64 * 1024;

    /** What is still taken from a client that goes on sending although it has its answer. */
    private static final int DRAIN = 256 * 1024;

    private final BodySource source;
    private final EventLoop loop;
    private final Consumer<Throwable> failed;
    private final Deque<ByteBuf> kept = new ArrayDeque<>();
    private @Nullable LinkStream stream;
    private @Nullable Http2Headers trailers;
    private boolean repeatable = true;
    private boolean ended;
    private boolean over;
    private int keptBytes;

    /** How many of {@link #kept} have had their credit returned. */
    private int credited;

    private int drained;

    Streamed(BodySource source, EventLoop loop, Consumer<Throwable> failed) {
      this.source = source;
      this.loop = loop;
      this.failed = failed;
    }

    /** Before there is a connection, so that a body known to be empty is announced as none. */
    @Override
    public void begin() {
      source.receive(this);
    }

    @Override
    public long length() {
      return ended && repeatable && trailers == null ? keptBytes : -1;
    }

    @Override
    public void sendTo(LinkStream to) {
      stream = to;
      int left = kept.size();
      boolean lastIsHere = ended && trailers == null;
      for (ByteBuf bytes : kept) {
        boolean credit = kept.size() - left >= credited;
        left--;
        write(to, bytes.retainedDuplicate(), lastIsHere && left == 0, credit);
      }
      credited = kept.size();
      if (ended && !(lastIsHere && credited > 0)) {
        to.end(trailers);
      }
    }

    @Override
    public void data(ByteBuf bytes) {
      if (!loop.inEventLoop()) {
        loop.execute(() -> data(bytes));
      } else if (over) {
        drain(bytes);
      } else if (stream == null) {
        kept.add(bytes);
        keptBytes += bytes.readableBytes();
      } else {
        keep(bytes);
        write(stream, bytes, false, true);
      }
    }

    private void keep(ByteBuf bytes) {
      if (!repeatable) {
        return;
      }
      if (keptBytes + bytes.readableBytes() > KEEP) {
        release();
      } else {
        kept.add(bytes.retainedDuplicate());
        keptBytes += bytes.readableBytes();
        credited++;
      }
    }

    private void write(LinkStream to, ByteBuf bytes, boolean last, boolean credit) {
      int length = bytes.readableBytes();
      to.write(bytes, last, credit ? () -> source.consumed(length) : NOTHING);
    }

    private void drain(ByteBuf bytes) {
      int length = bytes.readableBytes();
      bytes.release();
      drained += length;
      if (drained > DRAIN) {
        source.cancel();
      } else {
        source.consumed(length);
      }
    }

    @Override
    public void end(@Nullable Http2Headers last) {
      if (!loop.inEventLoop()) {
        loop.execute(() -> end(last));
        return;
      }
      ended = true;
      trailers = last;
      if (stream != null) {
        stream.end(last);
      }
    }

    @Override
    public void failed(Throwable cause) {
      if (!loop.inEventLoop()) {
        loop.execute(() -> failed(cause));
        return;
      }
      ended = true;
      if (!over) {
        failed.accept(cause);
      }
    }

    @Override
    public void detach() {
      stream = null;
    }

    @Override
    public boolean repeatable() {
      return repeatable;
    }

    @Override
    public void answered() {
      release();
    }

    private void release() {
      repeatable = false;
      kept.forEach(ByteBuf::release);
      kept.clear();
      keptBytes = 0;
      credited = 0;
    }

    @Override
    public void discard(boolean answered) {
      over = true;
      stream = null;
      release();
      if (!ended && !answered) {
        source.cancel();
      }
    }
  }
}
