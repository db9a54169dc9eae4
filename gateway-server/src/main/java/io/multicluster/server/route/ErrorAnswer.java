package io.multicluster.server.route;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.http.ResponseSink;
import io.multicluster.wire.negotiate.Negotiated;
import io.multicluster.wire.negotiate.Negotiator;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.StatusEncoder;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes errors: a Status in the form that the client accepts, as kube-apiserver would. For any
 * thread.
 */
public final class ErrorAnswer {
  private static final byte[] TOO_MANY =
      "Too many requests, please try again later.\n".getBytes(StandardCharsets.US_ASCII);

  private static final Logger LOG = LoggerFactory.getLogger(ErrorAnswer.class);

  private ErrorAnswer() {}

  /**
   * Goes on with a request on its event loop. What is thrown there becomes its answer; what nobody
   * foresaw is logged.
   */
  public static void shieldOnEventLoop(Exchange exchange, Runnable step) {
    exchange
        .eventLoop()
        .execute(() -> {
          try {
            step.run();
          } catch (ApiException error) {
            send(exchange, error.status());
          } catch (RuntimeException fault) {
            LOG.atError()
                .addKeyValue("method", exchange.request().method())
                .addKeyValue("path", exchange.request().path())
                .setCause(fault)
                .log("A request failed unexpectedly on its event loop");
            send(
                exchange, ApiException.internal("the gateway's log has the cause", fault).status());
          }
        });
  }

  /** If an answer has begun it can only be broken off, which is done. */
  public static void send(Exchange exchange, Status status) {
    if (exchange.response().headSent()) {
      exchange.response().reset();
    } else {
      send(exchange.request(), exchange.response(), status);
    }
  }

  /**
   * Sends a Status that another API server answered with, of success as well.
   *
   * @param code of the answer
   * @param headers of that answer which are to be passed on; pass to the exchange
   */
  public static void send(Exchange exchange, int code, Status status, Http2Headers headers) {
    send(exchange.request(), exchange.response(), code, status, headers);
  }

  /**
   * @param sink without a head yet
   */
  public static void send(RequestHead request, ResponseSink sink, Status status) {
    send(request, sink, status.code(), status, new DefaultHttp2Headers(false));
  }

  private static void send(
      RequestHead request, ResponseSink sink, int code, Status status, Http2Headers headers) {
    byte[] body = encode(request, status, headers);
    headers.setInt("content-length", body.length);
    if (status.retryAfterSeconds() > 0) {
      headers.setInt("retry-after", status.retryAfterSeconds());
    }
    switch (code) {
      case 401 ->
          // Clients without valid credentials don't get to keep connections.
          headers.set("connection", "close");
      case 403 -> headers.set("x-content-type-options", "nosniff");
      default -> {}
    }
    sink.head(code, headers);
    sink.write(Unpooled.wrappedBuffer(body));
    sink.end(null);
  }

  /** The one error that is no Status: flow control's. */
  public static void tooManyRequests(Exchange exchange, int retryAfterSeconds) {
    exchange
        .response()
        .head(
            429,
            new DefaultHttp2Headers(false)
                .set("content-type", "text/plain; charset=utf-8")
                .set("x-content-type-options", "nosniff")
                .setInt("retry-after", retryAfterSeconds)
                .setInt("content-length", TOO_MANY.length));
    exchange.response().write(Unpooled.wrappedBuffer(TOO_MANY));
    exchange.response().end(null);
  }

  private static byte[] encode(RequestHead request, Status status, Http2Headers headers) {
    Negotiated form = Negotiator.error(request, queryOf(request));
    headers.set("content-type", form.format().contentType());
    return switch (form.format()) {
      case PROTOBUF -> StatusEncoder.protobuf(status);
      case YAML -> StatusEncoder.yaml(status);
      case JSON -> form.pretty() ? StatusEncoder.prettyJson(status) : StatusEncoder.json(status);
    };
  }

  /** A query that can't be read may be what the error is about. */
  private static Query queryOf(RequestHead request) {
    try {
      return Query.parse(request.query());
    } catch (ApiException unreadable) {
      return Query.EMPTY;
    }
  }
}
