package io.multicluster.cache;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.negotiate.Format;
import io.multicluster.wire.negotiate.Negotiated;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.table.IncludeObject;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;
import java.util.function.Consumer;

/**
 * A get or list under way, and how its answer is sent. Methods run on the exchange's event loop.
 *
 * @param include what the rows of a Table contain
 * @param failed hears of an error that comes up while nothing was answered yet
 * @param gzip whether the answer may be compressed
 */
record ReadRequest(
    Exchange exchange,
    RequestInfo info,
    Negotiated negotiated,
    IncludeObject include,
    Consumer<ApiException> failed,
    boolean gzip) {

  static ReadRequest of(
      Exchange exchange,
      Query query,
      RequestInfo info,
      Negotiated negotiated,
      Consumer<ApiException> failed,
      boolean gzip) {
    IncludeObject include =
        negotiated.transform().isTable() ? IncludeObject.parse(query) : IncludeObject.METADATA;
    return new ReadRequest(exchange, info, negotiated, include, failed, gzip);
  }

  /** Runs a step of the answer; an error in it is the client's to hear. */
  void run(Runnable step) {
    try {
      step.run();
    } catch (ApiException e) {
      failed.accept(e);
    }
  }

  /**
   * Sends the answer.
   *
   * @param stale the clusters that a warning names
   * @param expectedSize in bytes, roughly
   */
  void answer(List<String> stale, long expectedSize, Body.Source source) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    Warnings.staleClusters(headers, stale);
    answer(200, headers, expectedSize, source);
  }

  /**
   * Sends the answer.
   *
   * @param headers beside those that the form asks for; pass to the exchange
   * @param expectedSize in bytes, roughly
   */
  void answer(int status, Http2Headers headers, long expectedSize, Body.Source source) {
    if (negotiated.format() == Format.YAML) {
      Thread.ofVirtual().name("yaml").start(() -> answerInYaml(status, headers, source));
    } else {
      send(status, headers, expectedSize, source);
    }
  }

  /** Off the event loop. */
  private void answerInYaml(int status, Http2Headers headers, Body.Source json) {
    Runnable answer;
    try {
      byte[] yaml = YamlAnswer.of(json);
      answer =
          () ->
              send(
                  status,
                  headers,
                  yaml.length,
                  (out, enough) -> {
                    out.writeBytes(yaml);
                    return false;
                  });
    } catch (ApiException e) {
      answer = () -> failed.accept(e);
    } catch (RuntimeException e) {
      answer = () -> failed.accept(ApiException.internal("no YAML could be made", e));
    }
    exchange.eventLoop().execute(answer);
  }

  private void send(int status, Http2Headers headers, long expectedSize, Body.Source source) {
    headers.set("content-type", negotiated.format().contentType());
    new Body(exchange, negotiated, gzip, source).send(status, headers, expectedSize);
  }
}
