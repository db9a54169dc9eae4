package io.multicluster.server.members;

import io.multicluster.cache.CachedKind;
import io.multicluster.cache.ClusterCache;
import io.multicluster.cache.SelectedObjects;
import io.multicluster.cache.Selection;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.server.audit.AuditAnnotations;
import io.multicluster.server.route.ErrorAnswer;
import io.multicluster.server.route.RoutedRequest;
import io.multicluster.server.route.WholeBody;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.negotiate.Negotiator;
import io.multicluster.wire.proto.ClusterMark;
import io.multicluster.wire.request.DeleteOptions;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.Status.Cause;
import io.multicluster.wire.status.StatusDecoder;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Deletes collections: each member that has objects which are selected deletes its own, all at the
 * same time. As on one API server that is not atomic; a failure says what failed where. If all went
 * well the answer is the list of what was selected, as it was before.
 */
final class CollectionDelete {
  /** The members' answers would list all that was deleted: this is the shortest form. */
  private static final String ROWS = "application/json;as=Table;v=v1;g=meta.k8s.io";

  private final ClusterCache cache;
  private final MemberClients members;
  private final MemberWrites writes;

  CollectionDelete(ClusterCache cache, MemberClients members, MemberWrites writes) {
    this.cache = cache;
    this.members = members;
    this.writes = writes;
  }

  /**
   * What came of it in one cluster.
   *
   * @param failure null if all went well
   */
  private record Outcome(String cluster, @Nullable Status failure) {}

  void answer(RoutedRequest request) {
    RequestInfo info = request.info();
    CachedKind kind = cache.kind(info.groupVersionResource());
    var _ =
        Negotiator.list(
            request.exchange().request(),
            request.query(),
            kind.encoding() == CachedKind.Encoding.PROTOBUF);
    byte[] body = WholeBody.of(request.exchange().requestBody());
    DeleteOptions options = DeleteOptions.read(request.query(), body);
    refuseWhatSeveralClustersCanNotDo(request.query(), options);
    Selection selection = cache.selected(request.query(), info);
    SortedMap<String, SelectedObjects> selected = selection.clusters();
    request.audit().put(AuditAnnotations.CLUSTER, String.join(",", selected.keySet()));
    List<Outcome> outcomes = delete(request, kind, body, List.copyOf(selected.keySet()));
    if (!options.isDryRun()) {
      awaitChanges(selected, outcomes);
    }
    Status failure = failure(info, outcomes);
    if (failure == null) {
      Exchange exchange = request.exchange();
      ErrorAnswer.shieldOnEventLoop(
          exchange,
          () ->
              cache.answer(
                  exchange,
                  request.query(),
                  info,
                  selection,
                  error -> ErrorAnswer.send(exchange, error.status())));
    } else {
      ErrorAnswer.send(request.exchange(), failure);
    }
  }

  private static void refuseWhatSeveralClustersCanNotDo(Query query, DeleteOptions options) {
    if (options.resourceVersion() != null) {
      throw ApiException.badRequest(
          "a collection can't be deleted on condition of a resourceVersion: each object has its"
              + " own");
    }
    for (String parameter : List.of("limit", "continue")) {
      if (!query.get(parameter).isEmpty() && !query.get(parameter).equals("0")) {
        throw ApiException.badRequest(
            parameter
                + " is not supported when a collection of several clusters is deleted: use the API"
                + " below /clusters/NAME");
      }
    }
  }

  private List<Outcome> delete(
      RoutedRequest request, CachedKind kind, byte[] body, List<String> clusters) {
    List<Future<Outcome>> underWay = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (String cluster : clusters) {
        Callable<Outcome> deletion = () -> delete(request, kind, body, cluster);
        underWay.add(threads.submit(deletion));
      }
      List<Outcome> outcomes = new ArrayList<>();
      for (Future<Outcome> deletion : underWay) {
        outcomes.add(deletion.get());
      }
      return outcomes;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("the gateway is stopping", 0);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private Outcome delete(RoutedRequest request, CachedKind kind, byte[] body, String cluster) {
    UpstreamClient member = members.client(kind, cluster);
    if (member == null) {
      return new Outcome(cluster, null); // It has left, and its objects with it.
    }
    try {
      RequestHead head = head(request.exchange().request(), request.query());
      UpstreamResponse answer =
          writes.send(
              new MemberWrite(
                  member,
                  head,
                  Query.parse(head.query()),
                  request.info().inCluster(cluster),
                  request.user(),
                  body,
                  request.exchange().remoteAddress(),
                  request.audit()));
      return new Outcome(cluster, answer.status() / 100 == 2 ? null : failure(answer));
    } catch (ApiException e) {
      return new Outcome(cluster, e.status());
    }
  }

  private static Status failure(UpstreamResponse answer) {
    Status status = StatusDecoder.decode(answer.body());
    return status == null
        ? Status.failure(answer.status(), "", "it answered " + answer.status())
        : status;
  }

  private static RequestHead head(RequestHead head, Query query) {
    Http2Headers headers = new DefaultHttp2Headers(false).setAll(head.headers());
    headers.remove("content-length");
    headers.remove("accept-encoding");
    headers.set("accept", ROWS);
    // That objects of the member's cluster are meant has been found out; it has no such label.
    LabelSelector selector =
        LabelSelector.parse(query.get("labelSelector")).without(ClusterMark.LABEL);
    Parameters parameters =
        new Parameters(
            new Parameters(head.query())
                .without("labelSelector", "resourceVersion", "resourceVersionMatch"));
    if (!selector.isEmpty()) {
      parameters = new Parameters(parameters.with("labelSelector", selector.toString()));
    }
    return new RequestHead(
        head.method(),
        RequestInfoParser.withoutCluster(head.path()),
        parameters.with("includeObject", "None"),
        headers);
  }

  private static void awaitChanges(
      SortedMap<String, SelectedObjects> selected, List<Outcome> outcomes) {
    Set<String> failed = new HashSet<>();
    outcomes.stream()
        .filter(outcome -> outcome.failure() != null)
        .forEach(outcome -> failed.add(outcome.cluster()));
    selected.entrySet().stream()
        .filter(entry -> !failed.contains(entry.getKey()))
        .map(entry -> entry.getValue().changed())
        .toList()
        .forEach(CompletableFuture::join);
  }

  /** Null if all went well. */
  private static @Nullable Status failure(RequestInfo info, List<Outcome> outcomes) {
    List<Cause> causes = new ArrayList<>();
    Set<Integer> codes = new HashSet<>();
    Set<String> reasons = new HashSet<>();
    List<String> done = new ArrayList<>();
    for (Outcome outcome : outcomes) {
      Status failure = outcome.failure();
      if (failure == null) {
        done.add(outcome.cluster());
      } else {
        causes.add(new Cause(failure.reason(), failure.message(), outcome.cluster()));
        codes.add(failure.code());
        reasons.add(failure.reason());
      }
    }
    if (causes.isEmpty()) {
      return null;
    }
    boolean alike = codes.size() == 1 && reasons.size() == 1;
    return Status.failure(
            alike ? codes.iterator().next() : 500,
            alike ? reasons.iterator().next() : "InternalError",
            info.groupResource()
                + " could not all be deleted in "
                + String.join(
                    ", in ", causes.stream().map(c -> c.field() + ": " + c.message()).toList())
                + (done.isEmpty() ? "" : "; those in " + String.join(", ", done) + " were"))
        .withDetails(new Status.Details("", info.group(), info.resource(), "", causes, 0));
  }
}
