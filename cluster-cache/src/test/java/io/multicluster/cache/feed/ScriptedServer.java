package io.multicluster.cache.feed;

import io.multicluster.proxy.ResponseReceiver;
import io.multicluster.proxy.UpgradeReceiver;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamConfig;
import io.multicluster.proxy.UpstreamExchange;
import io.multicluster.proxy.UpstreamRequest;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.wire.http.RequestHead;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An API server whose every answer the test writes itself. */
final class ScriptedServer implements UpstreamClient {
  private final BlockingQueue<Asked> requests = new LinkedBlockingQueue<>();
  private final BlockingQueue<UpstreamConfig> configs = new LinkedBlockingQueue<>();
  private final CountDownLatch closed = new CountDownLatch(1);

  /** A request that waits for the test's answer. */
  record Asked(
      RequestHead head, ResponseReceiver receiver, AtomicInteger credit, AtomicInteger cancelled) {
    Asked open(int status) {
      receiver.head(status, new DefaultHttp2Headers());
      return this;
    }

    Asked send(String text) {
      receiver.data(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
      return this;
    }

    void end() {
      receiver.end(null);
    }
  }

  /** The next request; waits for it. */
  Asked next() throws InterruptedException {
    return next(requests, "request");
  }

  /** The next way in which this server is to be reached; waits for it. */
  UpstreamConfig nextConfig() throws InterruptedException {
    return next(configs, "configuration");
  }

  /** Waits until nobody needs this server anymore. */
  void awaitClose() throws InterruptedException {
    if (!closed.await(60, TimeUnit.SECONDS)) {
      throw new AssertionError("the client was not closed");
    }
  }

  private static <T> T next(BlockingQueue<T> queue, String what) throws InterruptedException {
    T next = queue.poll(60, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("no " + what + " came");
    }
    return next;
  }

  @Override
  public String name() {
    return "scripted";
  }

  @Override
  public UpstreamExchange send(UpstreamRequest request, ResponseReceiver receiver) {
    Asked asked = new Asked(request.head(), receiver, new AtomicInteger(), new AtomicInteger());
    requests.add(asked);
    return new UpstreamExchange() {
      @Override
      public void consumed(int bytes) {
        asked.credit().addAndGet(bytes);
      }

      @Override
      public void cancel() {
        asked.cancelled().incrementAndGet();
      }
    };
  }

  @Override
  public UpstreamResponse call(
      RequestHead head, byte @Nullable [] body, int maxBodyBytes, Duration timeout) {
    throw new UnsupportedOperationException();
  }

  @Override
  public UpstreamExchange upgrade(UpstreamRequest request, UpgradeReceiver receiver) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void reconfigure(UpstreamConfig config) {
    configs.add(config);
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
