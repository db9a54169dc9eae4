package io.multicluster.server.members;

import io.multicluster.proxy.UpstreamClient;
import io.multicluster.server.audit.AuditAnnotations;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;
import java.net.InetSocketAddress;

/**
 * A request to a member that may change something, in the member's own terms: its path, its
 * resourceVersions. Reads of subresources go the same way.
 *
 * @param member the API server; its name is the cluster's
 * @param head as the member is to get it, without identity
 * @param query of {@code head}
 * @param info of {@code head}; {@link RequestInfo#cluster} is the member
 * @param user whom it is made as
 * @param body whole; empty if none
 * @param client where the request came from
 * @param audit takes what the request's audit record should tell
 */
public record MemberWrite(
    UpstreamClient member,
    RequestHead head,
    Query query,
    RequestInfo info,
    UserInfo user,
    byte[] body,
    InetSocketAddress client,
    AuditAnnotations audit) {

  MemberWrite withBody(byte[] other) {
    return new MemberWrite(member, head, query, info, user, other, client, audit);
  }
}
