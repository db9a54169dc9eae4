package io.multicluster.proxy;

import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.http.BodySource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A client's body that comes as a test says. */
final class TestSource implements BodySource {
  final AtomicInteger consumed = new AtomicInteger();
  final CountDownLatch cancelled = new CountDownLatch(1);
  private final CompletableFuture<BodyReceiver> receiver = new CompletableFuture<>();

  BodyReceiver receiver() throws Exception {
    return Received.get(receiver);
  }

  @Override
  public void receive(BodyReceiver to) {
    receiver.complete(to);
  }

  @Override
  public void consumed(int bytes) {
    consumed.addAndGet(bytes);
  }

  @Override
  public void cancel() {
    cancelled.countDown();
  }
}
