package io.multicluster.server.pipeline;

import io.multicluster.server.route.ErrorAnswer;
import io.multicluster.wire.http.ResponseSink;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The time that a request has: 60 s, 34 s if it changes something, less if the client says so;
 * long-running ones have no limit. When it is over the client gets 504, or sees its answer break
 * off if that had begun, and the route finds the exchange closed.
 */
final class Deadline {
  private static final Duration READS = Duration.ofSeconds(60);
  private static final Duration CHANGES = Duration.ofSeconds(34);

  private final @Nullable Duration time;

  private Deadline(@Nullable Duration time) {
    this.time = time;
  }

  /**
   * @throws ApiException 400 if the parameter {@code timeout} is no duration
   */
  static Deadline of(Query query, RequestInfo info) {
    String asked = query.get("timeout");
    Duration limit = info.readOnly() ? READS : CHANGES;
    if (!asked.isEmpty()) {
      Duration wanted = parse(asked);
      if (wanted.isPositive() && wanted.compareTo(limit) < 0) {
        limit = wanted;
      }
    }
    return new Deadline(LongRunning.is(info) ? null : limit);
  }

  private static Duration parse(String text) {
    try {
      return GoDuration.parse(text);
    } catch (IllegalArgumentException e) {
      throw ApiException.badRequest(
          "invalid timeout specified in the request URL - " + e.getMessage());
    }
  }

  /** Begins to count, unless the answer is complete already. */
  void start(PipelineExchange exchange) {
    if (time == null || exchange.response().ended()) {
      return;
    }
    ScheduledFuture<?> alarm =
        exchange.eventLoop().schedule(() -> expire(exchange), time.toNanos(), TimeUnit.NANOSECONDS);
    exchange.response().onClose(() -> alarm.cancel(false));
  }

  private static void expire(PipelineExchange exchange) {
    ResponseSink instead = exchange.response().expire();
    if (instead != null) {
      ErrorAnswer.send(
          exchange.request(),
          instead,
          ApiException.timeout(
                  "request did not complete within requested timeout - context deadline exceeded")
              .status());
    }
  }
}
