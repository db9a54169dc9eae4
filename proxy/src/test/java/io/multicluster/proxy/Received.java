package io.multicluster.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Keeps what a client hears of an answer. Returns credit only as a test says. */
class Received implements ResponseReceiver {
  final CompletableFuture<Integer> status = new CompletableFuture<>();
  final CompletableFuture<Http2Headers> headers = new CompletableFuture<>();
  final CompletableFuture<Http2Headers> trailers = new CompletableFuture<>();
  final CompletableFuture<String> ended = new CompletableFuture<>();
  final CompletableFuture<Throwable> failed = new CompletableFuture<>();
  final BlockingQueue<String> pieces = new LinkedBlockingQueue<>();
  final AtomicInteger bytes = new AtomicInteger();
  final AtomicInteger flushes = new AtomicInteger();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();

  @Override
  public void head(int answer, Http2Headers answerHeaders) {
    headers.complete(answerHeaders);
    status.complete(answer);
  }

  @Override
  public void data(ByteBuf data) {
    byte[] copy = new byte[data.readableBytes()];
    data.readBytes(copy);
    data.release();
    body.writeBytes(copy);
    bytes.addAndGet(copy.length);
    pieces.add(new String(copy, UTF_8));
  }

  @Override
  public void flush() {
    flushes.incrementAndGet();
  }

  @Override
  public void end(@Nullable Http2Headers last) {
    trailers.complete(last);
    ended.complete(body.toString(UTF_8));
  }

  @Override
  public void failed(Throwable cause) {
    failed.complete(cause);
    ended.completeExceptionally(cause);
    status.completeExceptionally(cause);
  }

  String piece() throws InterruptedException {
    String piece = pieces.poll(10, TimeUnit.SECONDS);
    if (piece == null) {
      throw new AssertionError("nothing came");
    }
    return piece;
  }

  static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(10, TimeUnit.SECONDS);
  }
}
