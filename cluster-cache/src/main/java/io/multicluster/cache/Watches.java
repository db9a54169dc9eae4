package io.multicluster.cache;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.negotiate.Format;
import io.multicluster.wire.negotiate.Negotiated;
import io.multicluster.wire.negotiate.Negotiator;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.WatchOptions;
import io.multicluster.wire.rv.ResourceVersion;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.table.IncludeObject;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.concurrent.ThreadLocalRandom;

/** Starts the watches of one view. Runs on the exchange's event loop. */
final class Watches {
  private final KindCache cache;
  private final View view;
  private final CacheOptions options;

  Watches(KindCache cache, View view, CacheOptions options) {
    this.cache = cache;
    this.view = view;
    this.options = options;
  }

  /**
   * @throws ApiException if nothing was answered; what goes wrong later is an ERROR event
   */
  void start(Exchange exchange, Query query, RequestInfo info) {
    Negotiated negotiated = Negotiator.watch(exchange.request(), view.hasProtobuf());
    IncludeObject include =
        negotiated.transform().isTable() ? IncludeObject.parse(query) : IncludeObject.METADATA;
    WatchOptions watch = WatchOptions.parse(query, info);
    ObjectFilter filter =
        ObjectFilter.of(options, cache.kind(), info, watch.labels(), watch.fields());
    ObjectForm form = view.objectForm(negotiated, include, options.wallMillis());
    if (WebSocketHandshake.asked(exchange)) {
      Http2Headers headers = WebSocketHandshake.answer(exchange.request());
      warn(headers, filter);
      boolean protobuf = negotiated.format() == Format.PROTOBUF;
      exchange
          .response()
          .upgrade(
              headers,
              channel ->
                  begin(exchange, WebSocketWatchOutput.on(channel, protobuf), filter, form, watch));
    } else {
      Http2Headers headers = new DefaultHttp2Headers(false);
      headers.set("content-type", negotiated.format().watchContentType());
      warn(headers, filter);
      exchange.response().head(200, headers);
      exchange.response().flush();
      begin(exchange, new HttpWatchOutput(exchange.response()), filter, form, watch);
    }
  }

  private void warn(Http2Headers headers, ObjectFilter filter) {
    Warnings.staleClusters(headers, cache.staleClusters(cache.snapshot(), filter.onlyCluster()));
  }

  private void begin(
      Exchange exchange,
      WatchOutput output,
      ObjectFilter filter,
      ObjectForm form,
      WatchOptions watch) {
    Watch cursor =
        new Watch(
            cache,
            exchange.eventLoop(),
            output,
            filter,
            form,
            new WatchSchedule(watch, options.nanos(), ThreadLocalRandom.current()));
    cursor.open();
    begin(cursor, watch, exchange);
  }

  private void begin(Watch cursor, WatchOptions watch, Exchange exchange) {
    if (!watch.initialEvents()) {
      switch (watch.resourceVersion()) {
        case ResourceVersion.At(long version) -> resume(cursor, version);
        case ResourceVersion.Any(), ResourceVersion.MostRecent() ->
            cursor.startAfter(cache.snapshot().resourceVersion());
      }
      return;
    }
    Runnable start = () -> cursor.startWith(cache.snapshot(), watch.bookmarks());
    switch (watch.resourceVersion()) {
      case ResourceVersion.At(long version) ->
          cache
              .waiters()
              .await(
                  cache.comparable(version) ? version : Long.MAX_VALUE,
                  exchange.eventLoop(),
                  start,
                  () ->
                      cursor.fail(
                          ApiException.resourceVersionTooLarge(
                                  version, cache.snapshot().resourceVersion())
                              .status()));
      case ResourceVersion.Any(), ResourceVersion.MostRecent() -> start.run();
    }
  }

  private void resume(Watch cursor, long version) {
    if (!cache.comparable(version)) {
      cursor.fail(cursor.tooOld(version).status());
      return;
    }
    // What is minted from now on is above what the client has seen.
    cache.sequencer().clock().observe(version);
    cursor.startAfter(version);
  }
}
