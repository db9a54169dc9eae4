package io.multicluster.cache;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.ResponseSink;
import io.multicluster.wire.json.JsonIndenter;
import io.multicluster.wire.negotiate.Negotiated;
import io.multicluster.wire.negotiate.Negotiator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends an answer whose bytes are made while there is room for them: a chunk at a time, going on
 * when the sink is writable again, so that a slow client holds one chunk and no more. Indents and
 * compresses on the way if that was asked for. Confined to the exchange's event loop.
 */
final class Body {
  private static final Logger log = LoggerFactory.getLogger(Body.class);

  private static final int CHUNK = 64 * 1024;

  /** What an object may exceed its chunk by before the buffer has to grow. */
  private static final int SLACK = 32 * 1024;

  /** What is looked at before compression is decided on: a bit more than its threshold. */
  private static final int FIRST_CHUNK = 129 * 1024;

  /** Chunks made in one turn of the event loop. */
  private static final int TURN = 4;

  private final Exchange exchange;
  private final ResponseSink sink;
  private final boolean compress;
  private final Source source;
  private final @Nullable JsonIndenter indenter;
  private @Nullable Gzip gzip;
  private boolean closed;
  private boolean more = true;

  /** Makes the bytes. */
  @FunctionalInterface
  interface Source {
    /**
     * Appends until the buffer has at least {@code enough} bytes or all is written.
     *
     * @return whether there is more to come
     */
    boolean fill(ByteBuf out, int enough);
  }

  /**
   * @param compress whether compression is allowed at all
   */
  Body(Exchange exchange, Negotiated negotiated, boolean compress, Source source) {
    this.exchange = exchange;
    this.sink = exchange.response();
    this.compress = compress;
    this.source = source;
    this.indenter = negotiated.pretty() ? new JsonIndenter() : null;
  }

  /**
   * Sends head and body.
   *
   * @param headers with the content type; pass to the sink
   * @param expectedSize of the body, roughly; saves the memory that a small answer does not need
   */
  void send(int status, Http2Headers headers, long expectedSize) {
    ByteBuf first = next(FIRST_CHUNK, Math.min(expectedSize, FIRST_CHUNK + SLACK));
    if (compress && Negotiator.gzip(exchange.request(), first.readableBytes())) {
      gzip = new Gzip();
      headers.set("content-encoding", "gzip");
      headers.set("vary", "Accept-Encoding");
    } else if (!more) {
      headers.setInt("content-length", first.readableBytes());
    }
    sink.onClose(this::close);
    if (closed) {
      first.release();
      return;
    }
    sink.head(status, headers);
    write(first);
    if (more) {
      sink.onWritable(this::pump);
      pump();
    }
  }

  private void pump() {
    try {
      for (int i = 0; more && !closed && sink.writable(); i++) {
        if (i == TURN) {
          exchange.eventLoop().execute(this::pump);
          return;
        }
        write(next(CHUNK, CHUNK + SLACK));
      }
    } catch (RuntimeException e) {
      // The head is out: all that can be done is to let the client notice.
      log.atError().addKeyValue("path", exchange.request().path()).setCause(e).log("broken off");
      sink.reset();
    }
  }

  private ByteBuf next(int enough, long room) {
    ByteBuf chunk = ByteBufAllocator.DEFAULT.directBuffer((int) room);
    try {
      more = source.fill(chunk, enough);
      if (indenter == null) {
        return chunk;
      }
      if (!more) {
        // Indented JSON has no newline at its end.
        chunk.writerIndex(chunk.writerIndex() - 1);
      }
      ByteBuf indented = ByteBufAllocator.DEFAULT.directBuffer(2 * chunk.readableBytes());
      indenter.indent(chunk, indented);
      chunk.release();
      return indented;
    } catch (RuntimeException e) {
      chunk.release();
      close();
      throw e;
    }
  }

  private void write(ByteBuf chunk) {
    Gzip compressor = gzip;
    sink.write(compressor == null ? chunk : compressor.compress(chunk, !more));
    if (!more) {
      sink.end(null);
    } else {
      sink.flush();
    }
  }

  private void close() {
    closed = true;
    if (gzip != null) {
      gzip.close();
      gzip = null;
    }
  }
}
