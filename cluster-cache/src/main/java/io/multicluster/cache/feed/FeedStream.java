package io.multicluster.cache.feed;

import io.multicluster.proxy.ResponseReceiver;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamExchange;
import io.multicluster.wire.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One GET of a feed: the body's chunks go to a reader on the event loop, while the feed's thread
 * waits for the end.
 */
final class FeedStream implements ResponseReceiver {
  private static final int MAX_ERROR_BYTES = 4096;

  /** Reads the body on the event loop. */
  interface ChunkReader {
    /** The answer begins, with status 200. */
    default void opened() {}

    /** Takes a chunk's bytes apart; events hold the credit until they are applied. */
    void accept(ByteBuf chunk, Credit credit);
  }

  private final ChunkReader reader;
  private final CompletableFuture<Integer> done = new CompletableFuture<>();
  private final StringBuilder errorBody = new StringBuilder();
  private volatile @Nullable UpstreamExchange exchange;
  private volatile boolean heard;
  private int status;

  FeedStream(ChunkReader reader) {
    this.reader = reader;
  }

  /**
   * Sends the request and waits for the end of the answer.
   *
   * @param silence the stream fails when nothing arrives for so long
   * @throws StatusException if the answer is not 200
   * @throws IOException if there is no answer, it breaks off, is malformed or falls silent
   */
  void run(UpstreamClient member, String target, String accept, Duration silence)
      throws IOException, InterruptedException {
    int question = target.indexOf('?');
    String path = question < 0 ? target : target.substring(0, question);
    String query = question < 0 ? "" : target.substring(question + 1);
    Http2Headers headers = new DefaultHttp2Headers(false);
    headers.set("accept", accept);
    exchange = member.send(new RequestHead("GET", path, query, headers), null, this);
    try {
      while (true) {
        heard = false;
        try {
          int code = done.get(silence.toMillis(), TimeUnit.MILLISECONDS);
          if (code != 200) {
            throw new StatusException(code, errorBody.toString());
          }
          return;
        } catch (TimeoutException e) {
          if (!heard) {
            throw new IOException("nothing heard for " + silence.toSeconds() + " s", e);
          }
        }
      }
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new IOException(
          cause == null ? e.toString() : String.valueOf(cause.getMessage()), cause);
    } finally {
      cancel();
    }
  }

  void cancel() {
    UpstreamExchange current = exchange;
    if (current != null) {
      current.cancel();
    }
  }

  @Override
  public void head(int newStatus, Http2Headers headers) {
    heard = true;
    status = newStatus;
    if (newStatus == 200) {
      reader.opened();
    }
  }

  @Override
  public void data(ByteBuf bytes) {
    heard = true;
    Credit credit = new Credit(bytes.readableBytes(), this::consumed);
    try {
      if (status == 200) {
        reader.accept(bytes, credit);
      } else if (errorBody.length() < MAX_ERROR_BYTES) {
        errorBody.append(bytes.toString(StandardCharsets.UTF_8));
      }
    } catch (RuntimeException e) {
      done.completeExceptionally(e);
      cancel();
    } finally {
      bytes.release();
      credit.release();
    }
  }

  @Override
  public void end(@Nullable Http2Headers trailers) {
    done.complete(status);
  }

  @Override
  public void failed(Throwable cause) {
    done.completeExceptionally(cause);
  }

  private void consumed(int bytes) {
    UpstreamExchange current = exchange;
    if (current != null) {
      current.consumed(bytes);
    }
  }

  /** The member answered, but not with 200. */
  static final class StatusException extends IOException {
    private static final long serialVersionUID = 1L;
    private final int code;

    StatusException(int code, String body) {
      super("HTTP " + code + ": " + body.strip());
      this.code = code;
    }

    int code() {
      return code;
    }
  }
}
