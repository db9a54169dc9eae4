package io.multicluster.server.admission;

import io.multicluster.admission.Admission;
import io.multicluster.admission.AdmissionRequest;
import io.multicluster.admission.ApiServer;
import io.multicluster.admission.Outcome;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.server.audit.AuditAnnotations;
import io.multicluster.server.route.Route;
import io.multicluster.server.route.RoutedRequest;
import io.multicluster.server.route.WholeBody;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Lets through to a route what admission does not refuse. Reads go straight on. */
public final class AdmissionRoute implements Route {
  private final Route route;
  private final Admission admission;
  private final boolean members;

  /** Otherwise changes of pods are judged by {@link JudgedWrites}, once it is. */
  private final boolean memberKnown;

  private final Function<RequestInfo, @Nullable UpstreamClient> upstreams;

  private AdmissionRoute(
      Route route,
      Admission admission,
      boolean members,
      boolean memberKnown,
      Function<RequestInfo, @Nullable UpstreamClient> upstreams) {
    this.route = route;
    this.admission = admission;
    this.members = members;
    this.memberKnown = memberKnown;
    this.upstreams = upstreams;
  }

  /** In front of a route to the control plane. */
  public static Route federated(Route route, Admission admission, UpstreamClient controlPlane) {
    return new AdmissionRoute(route, admission, false, false, _ -> controlPlane);
  }

  /** In front of a route to whichever members have the objects: pods are judged. */
  public static Route cached(Route route, Admission admission) {
    return new AdmissionRoute(route, admission, true, false, _ -> null);
  }

  /**
   * In front of a route to the one member that a request names.
   *
   * @param members by name; null if there is none such, which the route then says
   */
  public static Route member(
      Route route, Admission admission, Function<String, @Nullable UpstreamClient> members) {
    return new AdmissionRoute(route, admission, true, true, info -> members.apply(info.cluster()));
  }

  @Override
  public boolean neverBlocks(RequestInfo info) {
    return !concerns(info) && route.neverBlocks(info);
  }

  @Override
  public void answer(RoutedRequest request) {
    UpstreamClient upstream = upstreams.apply(request.info());
    boolean toPods = toPods(request.info());
    boolean answerable =
        upstream != null || (toPods && Admission.concernsRemovalOfPods(request.info()));
    if (!concerns(request.info()) || !answerable) {
      route.answer(request);
      return;
    }
    byte[] body = WholeBody.of(request.exchange().requestBody());
    switch (judge(request, body, toPods, upstream)) {
      case Outcome.PassOn passed -> pass(request, passed, body);
      case Outcome.Answered answered -> {
        if (upstream != null) {
          request.audit().put(AuditAnnotations.CLUSTER, upstream.name());
        }
        send(request.exchange(), answered);
      }
    }
  }

  private Outcome judge(
      RoutedRequest request, byte[] body, boolean toPods, @Nullable UpstreamClient upstream) {
    Exchange exchange = request.exchange();
    return Verdict.recorded(
        admission,
        new AdmissionRequest(
            exchange.request(),
            request.query(),
            request.info(),
            request.user(),
            body,
            toPods,
            upstream == null
                ? ApiServer.NONE
                : new UpstreamApiServer(upstream, exchange.remoteAddress())),
        request.audit());
  }

  private boolean concerns(RequestInfo info) {
    if (!toPods(info)) {
      return Admission.concerns(info);
    }
    return Admission.concernsRemovalOfPods(info)
        || (memberKnown && Admission.concernsChangeOfPod(info));
  }

  private boolean toPods(RequestInfo info) {
    return members && info.groupResource().equals(GroupResource.PODS);
  }

  private void pass(RoutedRequest request, Outcome.PassOn passed, byte[] body) {
    Exchange exchange = request.exchange();
    JudgedExchange judged =
        new JudgedExchange(exchange, body, new JudgedSink(exchange.response(), passed));
    try {
      route.answer(request.withExchange(judged));
    } catch (ApiException refused) {
      int code = refused.status().code();
      // All others may come after it was carried out: see UpstreamErrors.
      if (code / 100 == 4 || code == 503) {
        passed.notDone().run();
      }
      throw refused;
    }
  }

  private static void send(Exchange exchange, Outcome.Answered answered) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    answered
        .answer()
        .headers()
        .forEach(header -> {
          switch (header.getKey().toString()) {
            case "audit-id", "connection", "content-length", "keep-alive", "transfer-encoding" -> {}
            default -> headers.add(header.getKey(), header.getValue());
          }
        });
    JudgedSink.warn(headers, answered.warnings());
    byte[] body = answered.answer().body();
    headers.setInt("content-length", body.length);
    exchange.response().head(answered.answer().status(), headers);
    exchange.response().write(Unpooled.wrappedBuffer(body));
    exchange.response().end(null);
  }
}
