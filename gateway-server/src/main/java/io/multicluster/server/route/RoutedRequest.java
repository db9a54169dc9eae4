package io.multicluster.server.route;

import io.multicluster.server.audit.AuditAnnotations;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;

/**
 * A request that has passed authentication and authorization.
 *
 * @param user whom it is made as, impersonation applied
 * @param audit takes what its audit record should tell
 */
public record RoutedRequest(
    Exchange exchange, Query query, RequestInfo info, UserInfo user, AuditAnnotations audit) {

  /** The same request, received and answered in another way. */
  public RoutedRequest withExchange(Exchange other) {
    return new RoutedRequest(other, query, info, user, audit);
  }
}
