package io.multicluster.server.route;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;

/**
 * A request that has passed authentication and authorization.
 *
 * @param user whom it is made as, impersonation applied
 */
public record RoutedRequest(Exchange exchange, Query query, RequestInfo info, UserInfo user) {}
