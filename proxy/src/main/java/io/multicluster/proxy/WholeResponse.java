package io.multicluster.proxy;

import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Gathers an answer for a thread that waits for the whole of it. */
final class WholeResponse implements ResponseReceiver {
  private final String upstream;
  private final int maxBytes;
  private final CompletableFuture<UpstreamResponse> outcome = new CompletableFuture<>();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private @Nullable UpstreamExchange exchange;
  private int status;
  private Http2Headers headers = new DefaultHttp2Headers(false);

  WholeResponse(String upstream, int maxBytes) {
    this.upstream = upstream;
    this.maxBytes = maxBytes;
  }

  UpstreamResponse await(UpstreamExchange underWay, Duration timeout) {
    try {
      return outcome.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      underWay.cancel();
      throw UpstreamErrors.noAnswer();
    } catch (InterruptedException e) {
      underWay.cancel();
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("interrupted while waiting for " + upstream, 0);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ApiException error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public void begun(UpstreamExchange underWay) {
    exchange = underWay;
  }

  @Override
  public void head(int answer, Http2Headers answerHeaders) {
    status = answer;
    headers = answerHeaders;
  }

  @Override
  public void data(ByteBuf bytes) {
    int length = bytes.readableBytes();
    try {
      if (body.size() + length > maxBytes) {
        outcome.completeExceptionally(
            UpstreamErrors.broken(
                upstream + " sent an answer of more than " + maxBytes + " bytes", false, null));
        underWay().cancel();
        return;
      }
      body.write(toBytes(bytes), 0, length);
    } finally {
      bytes.release();
    }
    underWay().consumed(length);
  }

  private UpstreamExchange underWay() {
    return Objects.requireNonNull(exchange, "data before the request was sent");
  }

  private static byte[] toBytes(ByteBuf bytes) {
    byte[] copy = new byte[bytes.readableBytes()];
    bytes.readBytes(copy);
    return copy;
  }

  @Override
  public void end(@Nullable Http2Headers trailers) {
    outcome.complete(new UpstreamResponse(status, headers, body.toByteArray()));
  }

  @Override
  public void failed(Throwable cause) {
    outcome.completeExceptionally(cause);
  }
}
