package io.multicluster.server.route;

import io.multicluster.proxy.ReverseProxy;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.server.audit.AuditAnnotations;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The entry {@code /clusters/NAME/…}: that member answers, asked as the user. */
public final class MemberRoute implements Route {
  private static final GroupResource CLUSTERS = new GroupResource("cluster.karmada.io", "clusters");

  private final Function<String, @Nullable UpstreamClient> members;

  /**
   * @param members a member's client by its name; null if there is no such member
   */
  public MemberRoute(Function<String, @Nullable UpstreamClient> members) {
    this.members = members;
  }

  @Override
  public boolean neverBlocks(RequestInfo info) {
    return true;
  }

  @Override
  public void answer(RoutedRequest request) {
    String name = request.info().cluster();
    UpstreamClient member = members.apply(name);
    if (member == null) {
      throw ApiException.notFound(CLUSTERS, name);
    }
    request.audit().put(AuditAnnotations.CLUSTER, name);
    RequestHead head = request.exchange().request();
    String path = RequestInfoParser.withoutCluster(head.path());
    ReverseProxy.forward(
        request.exchange(),
        member,
        request.user(),
        head.query().isEmpty() ? path : path + "?" + head.query(),
        Duration.ZERO,
        error -> ErrorAnswer.send(request.exchange(), error.status()));
  }
}
