package io.multicluster.server.admission;

import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.http.BodySource;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Collects the body of a request, up to kube-apiserver's limit. */
final class WholeBody implements BodyReceiver {
  static final int LIMIT = 3 * 1024 * 1024;

  private final BodySource source;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CompletableFuture<byte[]> whole = new CompletableFuture<>();

  private WholeBody(BodySource source) {
    this.source = source;
  }

  /**
   * Blocks until the body is there; not for event loops.
   *
   * @throws ApiException 413, or 400 if the body breaks off
   */
  static byte[] of(BodySource source) {
    WholeBody body = new WholeBody(source);
    source.receive(body);
    try {
      return body.whole.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("the gateway is stopping", 0);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ApiException expected) {
        throw expected;
      }
      throw ApiException.badRequest("the body of the request broke off");
    }
  }

  @Override
  public void data(ByteBuf part) {
    int length = part.readableBytes();
    try {
      if (bytes.size() + length > LIMIT) {
        if (whole.completeExceptionally(ApiException.entityTooLarge("limit is " + LIMIT))) {
          source.cancel();
        }
      } else {
        part.readBytes(bytes, length);
      }
    } catch (IOException e) {
      whole.completeExceptionally(e);
    } finally {
      part.release();
      source.consumed(length);
    }
  }

  @Override
  public void end(@Nullable Http2Headers trailers) {
    whole.complete(bytes.toByteArray());
  }

  @Override
  public void failed(Throwable cause) {
    whole.completeExceptionally(cause);
  }
}
