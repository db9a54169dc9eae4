package io.multicluster.server.metrics;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.http.ResponseSink;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts requests as kube-apiserver does: how many by outcome, how long they took, how many are
 * under way. For any thread.
 *
 * <p>Clients name groups and resources at will, so the number of series is bounded: what comes when
 * there are {@value #MAX_SERIES} already is counted under the resource {@code other}.
 */
public final class RequestMetrics implements MetricSource {
  private static final int MAX_SERIES = 2048;

  /** The resources of {@link Series} that found no place. */
  private static final String OTHER = "other";

  /** Upper bounds of kube-apiserver's buckets, in seconds. */
  private static final double[] BOUNDS = {
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30,
    45, 60
  };

  private final Map<Series, Counts> counts = new ConcurrentHashMap<>();
  private final LongAdder readsInFlight = new LongAdder();
  private final LongAdder changesInFlight = new LongAdder();

  /** One combination of labels. */
  private record Series(
      String verb,
      String dryRun,
      String group,
      String version,
      String resource,
      String subresource,
      String scope) {
    /** With all that clients can choose freely left out. */
    Series anonymous() {
      return new Series(verb, dryRun, "", "", OTHER, "", scope);
    }

    String[] labels(String... more) {
      String[] own = {
        "verb", verb,
        "dry_run", dryRun,
        "group", group,
        "version", version,
        "resource", resource,
        "subresource", subresource,
        "scope", scope,
        "component", "apiserver"
      };
      String[] all = new String[own.length + more.length];
      System.arraycopy(own, 0, all, 0, own.length);
      System.arraycopy(more, 0, all, own.length, more.length);
      return all;
    }
  }

  /** What is counted of one series. */
  private static final class Counts {
    private final Map<Integer, LongAdder> byStatus = new ConcurrentHashMap<>();
    private final LongAdder[] buckets = new LongAdder[BOUNDS.length + 1];
    private final LongAdder nanos = new LongAdder();
    private final LongAdder longRunning = new LongAdder();

    Counts() {
      for (int i = 0; i < buckets.length; i++) {
        buckets[i] = new LongAdder();
      }
    }

    void ended(int status, long tookNanos) {
      byStatus.computeIfAbsent(status, _ -> new LongAdder()).increment();
      nanos.add(tookNanos);
      int bucket = 0;
      while (bucket < BOUNDS.length && tookNanos > BOUNDS[bucket] * 1e9) {
        bucket++;
      }
      buckets[bucket].increment();
    }
  }

  /**
   * A request has arrived; its end is noticed by itself.
   *
   * @param longRunning whether it lasts as long as its client wants
   */
  public void begin(
      RequestHead head, ResponseSink answer, Query query, RequestInfo info, boolean longRunning) {
    Counts series = counts(series(head, query, info));
    LongAdder underWay =
        longRunning ? series.longRunning : info.readOnly() ? readsInFlight : changesInFlight;
    underWay.increment();
    long begun = System.nanoTime();
    answer.onClose(() -> {
      underWay.decrement();
      series.ended(answer.status(), System.nanoTime() - begun);
    });
  }

  private Counts counts(Series wanted) {
    Counts known = counts.get(wanted);
    if (known != null) {
      return known;
    }
    return counts.computeIfAbsent(
        counts.size() < MAX_SERIES ? wanted : wanted.anonymous(), _ -> new Counts());
  }

  private static Series series(RequestHead head, Query query, RequestInfo info) {
    return new Series(
        verb(head, info),
        query.get("dryRun").equals("All") ? "All" : "",
        info.group(),
        info.version(),
        info.resource(),
        info.subresource(),
        scope(info));
  }

  private static String verb(RequestHead head, RequestInfo info) {
    return switch (info.subresource()) {
      case "attach", "exec", "portforward", "proxy" -> "CONNECT";
      default ->
          switch (info.verb()) {
            case "get" -> "GET";
            case "list" -> "LIST";
            case "watch" -> "WATCH";
            case "create", "post" -> "POST";
            case "update", "put" -> "PUT";
            case "patch" -> isApply(head) ? "APPLY" : "PATCH";
            case "delete" -> "DELETE";
            case "deletecollection" -> "DELETECOLLECTION";
            case "head", "options", "proxy" -> info.verb().toUpperCase(Locale.ROOT);
            default -> OTHER;
          };
    };
  }

  private static boolean isApply(RequestHead head) {
    String type = head.header("content-type");
    return type != null && type.startsWith("application/apply-patch");
  }

  private static String scope(RequestInfo info) {
    if (!info.name().isEmpty() || info.verb().equals("create")) {
      return info.resourceRequest() ? "resource" : "";
    }
    if (!info.namespace().isEmpty()) {
      return "namespace";
    }
    return info.resourceRequest() ? "cluster" : "";
  }

  @Override
  public void write(MetricsText page) {
    List<Map.Entry<Series, Counts>> all = List.copyOf(counts.entrySet());
    page.family(
        "apiserver_request_total", MetricType.COUNTER, "Requests answered, by their HTTP status.");
    for (Map.Entry<Series, Counts> entry : all) {
      entry
          .getValue()
          .byStatus
          .forEach((status, count) ->
              page.sample(
                  "apiserver_request_total",
                  count.sum(),
                  entry.getKey().labels("code", Integer.toString(status))));
    }
    String duration = "apiserver_request_duration_seconds";
    page.family(
        duration, MetricType.HISTOGRAM, "From the head of a request to the end of its answer.");
    for (Map.Entry<Series, Counts> entry : all) {
      long soFar = 0;
      Counts of = entry.getValue();
      for (int i = 0; i <= BOUNDS.length; i++) {
        soFar += of.buckets[i].sum();
        String bound = i == BOUNDS.length ? "+Inf" : Double.toString(BOUNDS[i]);
        page.sample(
            duration + "_bucket",
            soFar,
            entry.getKey().labels("le", bound.endsWith(".0") ? shorter(bound) : bound));
      }
      page.sample(duration + "_sum", of.nanos.sum() / 1e9, entry.getKey().labels());
      page.sample(duration + "_count", soFar, entry.getKey().labels());
    }
    page.family(
        "apiserver_longrunning_requests",
        MetricType.GAUGE,
        "Watches, logs, execs and the like that are under way.");
    for (Map.Entry<Series, Counts> entry : all) {
      Series of = entry.getKey();
      long now = entry.getValue().longRunning.sum();
      if (now > 0) {
        page.sample(
            "apiserver_longrunning_requests",
            now,
            "verb",
            of.verb,
            "group",
            of.group,
            "version",
            of.version,
            "resource",
            of.resource,
            "subresource",
            of.subresource,
            "scope",
            of.scope,
            "component",
            "apiserver");
      }
    }
    page.family(
            "apiserver_current_inflight_requests",
            MetricType.GAUGE,
            "Requests under way that are not long-running.")
        .sample(
            "apiserver_current_inflight_requests", readsInFlight.sum(), "request_kind", "readOnly")
        .sample(
            "apiserver_current_inflight_requests",
            changesInFlight.sum(),
            "request_kind",
            "mutating");
  }

  private static String shorter(String bound) {
    return bound.substring(0, bound.length() - 2);
  }
}
