package io.multicluster.server.audit;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What all events of one request say alike.
 *
 * @param requestUri path and query as sent
 * @param user before impersonation; null if nobody was authenticated
 * @param sourceIps the client's own claims first, the peer last
 */
record AuditedRequest(
    String auditId,
    String requestUri,
    RequestInfo info,
    @Nullable UserInfo user,
    List<String> sourceIps,
    String userAgent,
    Instant received) {
  private static final int LONGEST_USER_AGENT = 1024;
  private static final int MOST_SOURCES = 32;

  static AuditedRequest of(
      String auditId,
      RequestHead head,
      InetSocketAddress peer,
      RequestInfo info,
      @Nullable UserInfo user) {
    return new AuditedRequest(
        auditId, head.target(), info, user, sources(head, peer), userAgent(head), Instant.now());
  }

  private static String userAgent(RequestHead head) {
    String agent = head.header("user-agent");
    if (agent == null) {
      return "";
    }
    return agent.length() > LONGEST_USER_AGENT
        ? agent.substring(0, LONGEST_USER_AGENT) + "...TRUNCATED"
        : agent;
  }

  private static List<String> sources(RequestHead head, InetSocketAddress peer) {
    List<String> sources = new ArrayList<>(1);
    String forwarded = head.header("x-forwarded-for");
    if (forwarded != null) {
      for (String part : forwarded.split(",", MOST_SOURCES)) {
        add(sources, part.strip());
      }
    }
    String real = head.header("x-real-ip");
    if (real != null && !sources.contains(real.strip())) {
      add(sources, real.strip());
    }
    InetAddress address = peer.getAddress();
    if (address != null) {
      String last = NetUtil.toAddressString(address);
      if (sources.isEmpty() || !sources.getLast().equals(last)) {
        sources.add(last);
      }
    }
    return List.copyOf(sources);
  }

  private static void add(List<String> sources, String text) {
    if (NetUtil.isValidIpV4Address(text) || NetUtil.isValidIpV6Address(text)) {
      sources.add(text);
    }
  }
}
