package io.multicluster.server.admission;

import io.multicluster.admission.ApiServer;
import io.multicluster.proxy.ReverseProxy;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.user.UserInfo;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An upstream as admission asks it, for one request.
 *
 * @param client where the request came from
 */
record UpstreamApiServer(UpstreamClient upstream, InetSocketAddress client) implements ApiServer {
  /** A page of 250 objects of usual size, or several of the largest that etcd takes. */
  private static final int MAX_ANSWER = 64 * 1024 * 1024;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Override
  public Answer call(RequestHead head, byte @Nullable [] body, @Nullable UserInfo as) {
    RequestHead sent =
        as == null
            ? head
            : new RequestHead(
                head.method(),
                head.path(),
                head.query(),
                ReverseProxy.headers(head.headers(), as, client));
    UpstreamResponse answer = upstream.call(sent, body, MAX_ANSWER, PATIENCE).forClient(upstream);
    return new Answer(answer.status(), answer.headers(), answer.body());
  }
}
