package io.multicluster.cache;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.negotiate.Negotiated;
import io.multicluster.wire.negotiate.Negotiator;
import io.multicluster.wire.request.GetOptions;
import io.multicluster.wire.request.ListOptions;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.rv.ContinueToken;
import io.multicluster.wire.rv.ResourceVersion;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.table.IncludeObject;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** Answers gets and lists of one view. Methods run on the exchange's event loop. */
final class Reads {
  private static final byte[] FROM_THE_START = {};

  private final KindCache cache;
  private final View view;
  private final CacheOptions options;

  Reads(KindCache cache, View view, CacheOptions options) {
    this.cache = cache;
    this.view = view;
    this.options = options;
  }

  /**
   * @param failed hears of an error that comes up after this call has returned
   */
  void get(Exchange exchange, Query query, RequestInfo info, Consumer<ApiException> failed) {
    Negotiated negotiated = Negotiator.object(exchange.request(), query, view.hasProtobuf());
    IncludeObject include = include(negotiated, query);
    GetOptions get = GetOptions.parse(query);
    notOlderThan(
        get.resourceVersion(), exchange, failed, () -> answer(exchange, info, negotiated, include));
  }

  private void answer(
      Exchange exchange, RequestInfo info, Negotiated negotiated, IncludeObject include) {
    List<CachedObject> objects =
        cache.named(cache.snapshot(), info.namespace(), info.name(), info.cluster());
    if (objects.isEmpty()) {
      throw ApiException.notFound(view.resource().groupResource(), info.name());
    }
    if (objects.size() > 1) {
      throw ambiguous(info, objects);
    }
    CachedObject object = objects.getFirst();
    ObjectForm form = view.objectForm(negotiated, include, options.wallMillis());
    List<String> stale = cache.staleClusters(cache.snapshot(), object.cluster());
    send(
        exchange,
        negotiated,
        stale,
        expectedSize(1, object),
        (out, enough) -> {
          form.body(out, object);
          return false;
        });
  }

  /** Several members have an object of that name. */
  private ApiException ambiguous(RequestInfo info, Collection<CachedObject> objects) {
    List<String> clusters = objects.stream().map(CachedObject::cluster).sorted().toList();
    return ApiException.conflict(
        view.resource().groupResource(),
        info.name(),
        "it exists in the clusters "
            + String.join(", ", clusters)
            + "; choose one by using the API below /clusters/NAME, such as /clusters/"
            + clusters.getFirst()
            + info.path());
  }

  /**
   * @param failed as in {@link #get}
   */
  void list(Exchange exchange, Query query, RequestInfo info, Consumer<ApiException> failed) {
    Negotiated negotiated = Negotiator.list(exchange.request(), query, view.hasProtobuf());
    IncludeObject include = include(negotiated, query);
    ListOptions list = ListOptions.parse(query, info);
    ContinueToken token = list.continueToken();
    if (token != null) {
      Snapshot snapshot =
          token.inconsistent() ? cache.snapshot() : cache.history().at(token.resourceVersion());
      if (snapshot == null) {
        throw token.tooOld();
      }
      answer(exchange, info, list, negotiated, include, snapshot, token.startKey(), list.limit());
      return;
    }
    notOlderThan(
        list.resourceVersion(),
        exchange,
        failed,
        () -> {
          Snapshot snapshot = exactly(list) ? exact(list) : cache.snapshot();
          // A state that the client has not chosen can't be paged through by an old reflector.
          boolean whole = list.resourceVersion() instanceof ResourceVersion.Any;
          answer(
              exchange,
              info,
              list,
              negotiated,
              include,
              snapshot,
              FROM_THE_START,
              whole ? 0 : list.limit());
        });
  }

  /** A limit without a word on how to match means exactly, for historic reasons. */
  private static boolean exactly(ListOptions list) {
    return list.resourceVersion() instanceof ResourceVersion.At
        && switch (list.match()) {
          case EXACT -> true;
          case NOT_OLDER_THAN -> false;
          case UNSET -> list.limit() > 0;
        };
  }

  private Snapshot exact(ListOptions list) {
    Snapshot snapshot =
        list.resourceVersion() instanceof ResourceVersion.At(long wanted)
                && cache.comparable(wanted)
            ? cache.history().at(wanted)
            : null;
    if (snapshot == null) {
      throw ApiException.expired("The resourceVersion for the provided list is too old.");
    }
    return snapshot;
  }

  private void answer(
      Exchange exchange,
      RequestInfo info,
      ListOptions list,
      Negotiated negotiated,
      IncludeObject include,
      Snapshot snapshot,
      byte[] from,
      long limit) {
    ObjectFilter filter =
        new ObjectFilter(info.cluster(), info.namespace(), list.labels(), list.fields());
    ListForm form = view.listForm(negotiated, include, options.wallMillis());
    List<String> stale = cache.staleClusters(snapshot, filter.onlyCluster());
    new ListAnswer(
            exchange,
            cache,
            snapshot,
            filter,
            from,
            limit,
            form,
            (source, objects) ->
                send(
                    exchange,
                    negotiated,
                    stale,
                    objects.isEmpty() ? 1024 : expectedSize(objects.size(), objects.getFirst()),
                    source))
        .start();
  }

  /** Generous: JSON takes half as much again as what is kept. */
  private static long expectedSize(long objects, CachedObject typical) {
    return 1024 + objects * (1024 + 2 * typical.bytes().length);
  }

  private void send(
      Exchange exchange,
      Negotiated negotiated,
      List<String> stale,
      long expectedSize,
      Body.Source source) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    headers.set("content-type", negotiated.format().contentType());
    Warnings.staleClusters(headers, stale);
    new Body(exchange, negotiated, options.gzip(), source).send(headers, expectedSize);
  }

  /** Runs {@code answer} when the state is there, at once if it is. */
  private void notOlderThan(
      ResourceVersion wanted, Exchange exchange, Consumer<ApiException> failed, Runnable answer) {
    if (!(wanted instanceof ResourceVersion.At(long version))) {
      answer.run();
      return;
    }
    cache
        .waiters()
        .await(
            cache.comparable(version) ? version : Long.MAX_VALUE,
            exchange.eventLoop(),
            () -> run(answer, failed),
            () ->
                failed.accept(
                    ApiException.resourceVersionTooLarge(
                        version, cache.snapshot().resourceVersion())));
  }

  private static void run(Runnable answer, Consumer<ApiException> failed) {
    try {
      answer.run();
    } catch (ApiException e) {
      failed.accept(e);
    }
  }

  private static IncludeObject include(Negotiated negotiated, Query query) {
    return negotiated.transform().isTable() ? IncludeObject.parse(query) : IncludeObject.METADATA;
  }
}
