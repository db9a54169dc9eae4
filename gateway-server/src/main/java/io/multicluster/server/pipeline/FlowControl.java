package io.multicluster.server.pipeline;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Bounds how many requests are under way, as kube-apiserver does without priority and fairness: one
 * number for reads, one for changes, no queues. Long-running requests and {@code system:masters}
 * are exempt. Everybody shares the numbers: one client can still keep the others out.
 */
public final class FlowControl {
  private final int maxReads;
  private final int maxChanges;
  private final AtomicInteger reads = new AtomicInteger();
  private final AtomicInteger changes = new AtomicInteger();

  public FlowControl(int maxReads, int maxChanges) {
    this.maxReads = maxReads;
    this.maxChanges = maxChanges;
  }

  /** With kube-apiserver's {@code --max-requests-inflight} and {@code -mutating-}. */
  public static FlowControl ofKubeApiserver() {
    return new FlowControl(400, 200);
  }

  /** Too much is under way. */
  static final class RejectedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RejectedException() {
      super("too many requests", null, false, false);
    }

    /** As kube-apiserver's. */
    int retryAfterSeconds() {
      return 1;
    }
  }

  /**
   * Takes a place, which is free again when the exchange is over.
   *
   * @throws RejectedException if there is none
   */
  void enter(Exchange exchange, RequestInfo info, UserInfo user) {
    if (LongRunning.is(info) || user.groups().contains(UserInfo.SYSTEM_MASTERS)) {
      return;
    }
    AtomicInteger taken = info.readOnly() ? reads : changes;
    int limit = info.readOnly() ? maxReads : maxChanges;
    if (taken.incrementAndGet() > limit) {
      taken.decrementAndGet();
      throw new RejectedException();
    }
    exchange.response().onClose(taken::decrementAndGet);
  }
}
