package io.multicluster.cache;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.negotiate.Negotiator;
import io.multicluster.wire.request.GetOptions;
import io.multicluster.wire.request.ListOptions;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.rv.ContinueToken;
import io.multicluster.wire.rv.ResourceVersion;
import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.Http2Headers;
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
    ReadRequest request =
        ReadRequest.of(
            exchange,
            query,
            info,
            Negotiator.object(exchange.request(), query, view.hasProtobuf()),
            failed,
            options.gzip());
    GetOptions get = GetOptions.parse(query);
    notOlderThan(get.resourceVersion(), request, () -> answer(request));
  }

  private void answer(ReadRequest request) {
    RequestInfo info = request.info();
    Snapshot snapshot = cache.snapshot();
    List<CachedObject> objects =
        cache.named(snapshot, info.namespace(), info.name(), info.cluster());
    if (objects.isEmpty()) {
      throw ApiException.notFound(view.resource().groupResource(), info.name());
    }
    if (objects.size() > 1) {
      throw ambiguous(info, objects);
    }
    CachedObject object = objects.getFirst();
    ObjectForm form =
        view.objectForm(request.negotiated(), request.include(), options.wallMillis());
    request.answer(
        cache.staleClusters(snapshot, object.cluster()),
        expectedSize(objects),
        (out, enough) -> {
          form.body(out, object);
          return false;
        });
  }

  /**
   * Answers a write with the object that it made.
   *
   * @param failed as in {@link #get}
   */
  void written(
      Exchange exchange,
      Query query,
      RequestInfo info,
      int status,
      Http2Headers headers,
      CachedObject object,
      Consumer<ApiException> failed) {
    ReadRequest request =
        ReadRequest.of(
            exchange,
            query,
            info,
            Negotiator.object(exchange.request(), query, view.hasProtobuf()),
            failed,
            false);
    ObjectForm form =
        view.objectForm(request.negotiated(), request.include(), options.wallMillis());
    Warnings.staleClusters(headers, cache.staleClusters(cache.snapshot(), object.cluster()));
    request.answer(
        status,
        headers,
        expectedSize(List.of(object)),
        (out, enough) -> {
          form.body(out, object);
          return false;
        });
  }

  /** Several members have an object of that name. */
  private ApiException ambiguous(RequestInfo info, List<CachedObject> objects) {
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
    ReadRequest request = listRequest(exchange, query, info, failed);
    ListOptions list = ListOptions.parse(query, info);
    ContinueToken token = list.continueToken();
    if (token == null) {
      notOlderThan(list.resourceVersion(), request, () -> firstPage(request, list));
    } else {
      nextPage(request, list, token);
    }
  }

  /**
   * Answers with what was selected, as it was then.
   *
   * @param failed as in {@link #get}
   */
  void selected(
      Exchange exchange,
      Query query,
      RequestInfo info,
      Selection selection,
      Consumer<ApiException> failed) {
    answer(
        listRequest(exchange, query, info, failed),
        selection.filter(),
        selection.snapshot(),
        FROM_THE_START,
        0);
  }

  private ReadRequest listRequest(
      Exchange exchange, Query query, RequestInfo info, Consumer<ApiException> failed) {
    return ReadRequest.of(
        exchange,
        query,
        info,
        Negotiator.list(exchange.request(), query, view.hasProtobuf()),
        failed,
        options.gzip());
  }

  private void firstPage(ReadRequest request, ListOptions list) {
    Snapshot snapshot = exactly(list) ? exact(list) : cache.snapshot();
    // Old reflectors ask for "any" state with a limit, and expect all of it; but of events, which
    // kube-apiserver does not serve from memory, nobody does.
    boolean whole =
        list.resourceVersion() instanceof ResourceVersion.Any
            && !cache.kind().equals(CachedKind.EVENTS);
    answer(request, filter(request, list), snapshot, FROM_THE_START, whole ? 0 : list.limit());
  }

  private void nextPage(ReadRequest request, ListOptions list, ContinueToken token) {
    Snapshot snapshot =
        token.inconsistent() ? cache.snapshot() : cache.history().at(token.resourceVersion());
    if (snapshot == null) {
      throw token.tooOld();
    }
    answer(request, filter(request, list), snapshot, token.startKey(), list.limit());
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

  private ObjectFilter filter(ReadRequest request, ListOptions list) {
    return ObjectFilter.of(options, cache.kind(), request.info(), list.labels(), list.fields());
  }

  private void answer(
      ReadRequest request, ObjectFilter filter, Snapshot snapshot, byte[] from, long limit) {
    List<String> stale = cache.staleClusters(snapshot, filter.onlyCluster());
    new ListAnswer(
            request.exchange(),
            cache,
            snapshot,
            filter,
            from,
            limit,
            view.listForm(request.negotiated(), request.include(), options.wallMillis()),
            (source, objects) -> request.answer(stale, expectedSize(objects), source))
        .start();
  }

  /** Generous: JSON takes half as much again as what is kept. */
  private static long expectedSize(List<CachedObject> objects) {
    long each = objects.isEmpty() ? 0 : 1024 + 2L * objects.getFirst().size();
    return 1024 + objects.size() * each;
  }

  /** Runs {@code answer} when the state is there, at once if it is. */
  private void notOlderThan(ResourceVersion wanted, ReadRequest request, Runnable answer) {
    if (!(wanted instanceof ResourceVersion.At(long version))) {
      answer.run();
      return;
    }
    cache
        .waiters()
        .await(
            cache.comparable(version) ? version : Long.MAX_VALUE,
            request.exchange().eventLoop(),
            () -> request.run(answer),
            () ->
                request
                    .failed()
                    .accept(
                        ApiException.resourceVersionTooLarge(
                            version, cache.snapshot().resourceVersion())));
  }
}
