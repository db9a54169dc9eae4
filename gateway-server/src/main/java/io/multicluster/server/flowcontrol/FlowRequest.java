package io.multicluster.server.flowcontrol;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;

/**
 * What flow control knows of a request.
 *
 * @param longRunning it lasts as long as its client wants, and takes no seat
 */
public record FlowRequest(
    Exchange exchange, RequestInfo info, Query query, UserInfo user, boolean longRunning) {}
