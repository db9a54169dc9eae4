package io.multicluster.server.members;

import io.multicluster.cache.ClusterCache;
import io.multicluster.proxy.ReverseProxy;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.server.audit.AuditAnnotations;
import io.multicluster.server.route.ErrorAnswer;
import io.multicluster.server.route.Route;
import io.multicluster.server.route.RoutedRequest;
import io.multicluster.server.route.WholeBody;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything about cached kinds that the cache does not answer: changes, and what is read of
 * subresources. The member that has the object answers, asked as the user; what it says is
 * translated both ways, so that clients find one API with one family of resourceVersions. Streams,
 * such as a pod's log, pass as they are.
 */
public final class CachedWrites implements Route {
  private static final GroupResource CLUSTERS = new GroupResource("cluster.karmada.io", "clusters");

  private final ClusterCache cache;
  private final MemberClients members;
  private final MemberWrites writes;
  private final MemberAnswers answers;
  private final CollectionDelete collections;

  /**
   * @param writes carries changes out
   */
  public CachedWrites(ClusterCache cache, MemberClients members, MemberWrites writes) {
    this.cache = cache;
    this.members = members;
    this.writes = writes;
    this.answers = new MemberAnswers(cache);
    this.collections = new CollectionDelete(cache, members, writes);
  }

  @Override
  public boolean neverBlocks(RequestInfo info) {
    return streams(info);
  }

  @Override
  public void answer(RoutedRequest request) {
    RequestInfo info = request.info();
    if (!cache.serves(info.groupVersionResource())) {
      throw ApiException.noSuchResource();
    }
    if (!cache.ready()) {
      throw ApiException.tooManyRequests("storage is (re)initializing", 1);
    }
    if (streams(info)) {
      stream(request);
    } else if (!info.name().isEmpty()) {
      toObject(request);
    } else {
      switch (info.verb()) {
        case "create" -> create(request);
        case "deletecollection" -> collections.answer(request);
        default -> throw ApiException.methodNotAllowed();
      }
    }
  }

  /** Whether bytes go to and fro that nobody here understands. */
  private static boolean streams(RequestInfo info) {
    return switch (info.subresource()) {
      case "attach", "exec", "log", "portforward", "proxy" -> true;
      default -> false;
    };
  }

  private void stream(RoutedRequest request) {
    RequestHead head = request.exchange().request();
    String path = RequestInfoParser.withoutCluster(head.path());
    UpstreamClient member = member(request.info());
    request.audit().put(AuditAnnotations.CLUSTER, member.name());
    ReverseProxy.forward(
        request.exchange(),
        member,
        request.user(),
        head.query().isEmpty() ? path : path + "?" + head.query(),
        Duration.ZERO,
        error -> ErrorAnswer.send(request.exchange(), error.status()));
  }

  private void toObject(RoutedRequest request) {
    RequestInfo info = request.info();
    boolean maybeCreates = info.subresource().isEmpty() && createsIfAbsent(request);
    List<String> owners = owners(info);
    String cluster = owners.isEmpty() && maybeCreates ? info.cluster() : owner(info, owners);
    send(request, new MemberTerms(cache, info, cluster));
  }

  private void create(RoutedRequest request) {
    send(request, new MemberTerms(cache, request.info(), request.info().cluster()));
  }

  private void send(RoutedRequest request, MemberTerms terms) {
    RequestInfo info = request.info();
    RequestHead head = request.exchange().request();
    MemberAnswers.Form form = answers.form(request, terms);
    String contentType = head.header("content-type");
    byte[] received = WholeBody.of(request.exchange().requestBody());
    Body body = Body.of(received, contentType, info, shown(info, contentType, terms), terms);
    String cluster = clusterFor(info, terms);
    UpstreamClient member = members.client(cache.kind(info.groupVersionResource()), cluster);
    if (member == null) {
      throw info.cluster().isEmpty() ? terms.unknownCluster(cluster) : noMember(cluster);
    }
    RequestHead sent = head(head, query(request, received, terms), form);
    MemberWrite write =
        new MemberWrite(
            member,
            sent,
            Query.parse(sent.query()),
            info.inCluster(cluster),
            request.user(),
            body.first(),
            request.exchange().remoteAddress(),
            request.audit());
    request.audit().put(AuditAnnotations.CLUSTER, cluster);
    long before = cache.position(info.groupVersionResource());
    UpstreamResponse answer = writes.send(write);
    byte[] otherwise = body.otherwise();
    if (answer.status() == 422 && otherwise != null) {
      answer = writes.send(write.withBody(otherwise));
    }
    answers.pass(request, write, answer, form, terms, before);
  }

  private String clusterFor(RequestInfo info, MemberTerms terms) {
    String cluster =
        terms.cluster().isEmpty()
            ? members.home(cache.kind(info.groupVersionResource()))
            : terms.cluster();
    if (cluster.isEmpty()) {
      throw info.verb().equals("update")
          ? ApiException.notFound(info.groupResource(), info.name())
          : terms.noCluster();
    }
    return cluster;
  }

  /** Only JSON patches depend on what is there. */
  private byte @Nullable [] shown(
      RequestInfo info, @Nullable String contentType, MemberTerms terms) {
    return contentType != null && contentType.startsWith("application/json-patch")
        ? cache.json(info.groupVersionResource(), terms.cluster(), info.namespace(), info.name())
        : null;
  }

  /**
   * Without a body, the query of a deletion has its preconditions. With one it is not looked at.
   */
  private static String query(RoutedRequest request, byte[] body, MemberTerms terms) {
    String query = request.exchange().request().query();
    if (!request.info().verb().equals("delete") || body.length > 0) {
      return query;
    }
    String ours = request.query().get("resourceVersion");
    String theirs = terms.resourceVersion(ours);
    return ours.equals(theirs) ? query : new Parameters(query).with("resourceVersion", theirs);
  }

  private static RequestHead head(RequestHead head, String query, MemberAnswers.Form form) {
    Http2Headers headers = new DefaultHttp2Headers(false).setAll(head.headers());
    headers.remove("content-length");
    headers.remove("accept-encoding");
    if (form.accept() != null) {
      headers.set("accept", form.accept());
    }
    return new RequestHead(
        head.method(), RequestInfoParser.withoutCluster(head.path()), query, headers);
  }

  /** Whether there need not be an object: those requests make one. */
  private static boolean createsIfAbsent(RoutedRequest request) {
    String type = request.exchange().request().header("content-type");
    return switch (request.info().verb()) {
      case "update" -> true;
      case "patch" -> type != null && type.startsWith("application/apply-patch");
      default -> false;
    };
  }

  /** The member of a path, or all that have an object of that name. */
  private List<String> owners(RequestInfo info) {
    return info.cluster().isEmpty()
        ? cache.owners(info.groupVersionResource(), info.namespace(), info.objectName())
        : List.of(info.cluster());
  }

  private static String owner(RequestInfo info, List<String> owners) {
    if (owners.isEmpty()) {
      throw ApiException.notFound(info.groupResource(), info.objectName());
    }
    if (owners.size() > 1) {
      throw ApiException.conflict(
          info.groupResource(),
          info.objectName(),
          "it exists in the clusters "
              + String.join(", ", owners)
              + "; choose one by using the API below /clusters/NAME, such as /clusters/"
              + owners.getFirst()
              + info.path());
    }
    return owners.getFirst();
  }

  private UpstreamClient member(RequestInfo info) {
    String cluster = owner(info, owners(info));
    UpstreamClient member = members.client(cache.kind(info.groupVersionResource()), cluster);
    if (member == null) {
      throw noMember(cluster);
    }
    return member;
  }

  private static ApiException noMember(String cluster) {
    return ApiException.notFound(CLUSTERS, cluster);
  }
}
