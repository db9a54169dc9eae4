package io.multicluster.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The headers of a forwarded request: what the client sent, without what speaks of its connection
 * or of identities, and with the user that the upstream is to act for.
 */
final class UpstreamHeaders {
  static final AsciiString AUDIT_ID = AsciiString.cached("audit-id");

  private static final AsciiString FORWARDED_FOR = AsciiString.cached("x-forwarded-for");
  private static final AsciiString PROTOCOLS = AsciiString.cached("sec-websocket-protocol");

  /** A subprotocol that is no protocol but the client's token. */
  private static final String BEARER_PROTOCOL = "base64url.bearer.authorization.k8s.io.";

  /** Written by proxies that authenticate: nobody behind the gateway may take them for true. */
  private static final Set<AsciiString> IDENTITY =
      Stream.of(
              "authorization",
              "proxy-authorization",
              "x-forwarded-client-cert",
              "x-forwarded-user",
              "x-forwarded-preferred-username",
              "x-forwarded-email",
              "x-forwarded-groups",
              "x-forwarded-access-token")
          .map(AsciiString::cached)
          .collect(Collectors.toUnmodifiableSet());

  private static final AsciiString REMOTE_PREFIX = AsciiString.cached("x-remote-");
  private static final AsciiString IMPERSONATE_PREFIX = AsciiString.cached("impersonate-");

  private static final AsciiString IMPERSONATE_USER = AsciiString.cached("impersonate-user");
  private static final AsciiString IMPERSONATE_UID = AsciiString.cached("impersonate-uid");
  private static final AsciiString IMPERSONATE_GROUP = AsciiString.cached("impersonate-group");
  private static final String IMPERSONATE_EXTRA = "impersonate-extra-";

  private UpstreamHeaders() {}

  /**
   * @param upgrade whether the request asks for an upgrade, whose headers then stay
   * @throws ApiException 403 if a header can't carry the user as it is
   */
  static Http2Headers of(
      Http2Headers received, UserInfo user, InetSocketAddress client, boolean upgrade) {
    Http2Headers headers = new DefaultHttp2Headers(false, received.size() + 8);
    Set<AsciiString> nominated = upgrade ? nominated(received) : Set.of();
    for (Map.Entry<CharSequence, CharSequence> header : received) {
      AsciiString name = AsciiString.of(header.getKey());
      if (isForwarded(name, header.getValue()) && !nominated.contains(name)) {
        headers.add(name, header.getValue());
      }
    }
    if (upgrade) {
      headers.set(HttpHeaderNames.CONNECTION, "Upgrade");
      for (CharSequence protocol : received.getAll(HttpHeaderNames.UPGRADE)) {
        headers.add(HttpHeaderNames.UPGRADE, protocol);
      }
      withoutToken(headers);
    }
    forwardedFor(headers, client);
    impersonate(headers, user);
    return headers;
  }

  private static boolean isForwarded(AsciiString name, CharSequence value) {
    if (name.isEmpty() || name.charAt(0) == ':') {
      return false;
    }
    if (name.startsWith(IMPERSONATE_PREFIX) || name.startsWith(REMOTE_PREFIX)) {
      return false;
    }
    if (name.contentEquals(HttpHeaderNames.TE)) {
      return AsciiString.contentEqualsIgnoreCase(value, "trailers");
    }
    return !Http1Headers.isHopByHop(name)
        && !IDENTITY.contains(name)
        && !name.contentEquals(HttpHeaderNames.HOST)
        && !name.contentEquals(HttpHeaderNames.EXPECT);
  }

  /** What {@code connection} names is for this hop only (RFC 9110, 7.6.1). */
  private static Set<AsciiString> nominated(Http2Headers received) {
    return received.getAll(HttpHeaderNames.CONNECTION).stream()
        .flatMap(value -> Stream.of(value.toString().split(",", -1)))
        .map(name -> AsciiString.of(name.strip()).toLowerCase())
        .collect(Collectors.toUnmodifiableSet());
  }

  private static void withoutToken(Http2Headers headers) {
    List<CharSequence> offers = headers.getAll(PROTOCOLS);
    if (offers.stream().noneMatch(offer -> AsciiString.contains(offer, BEARER_PROTOCOL))) {
      return;
    }
    headers.remove(PROTOCOLS);
    for (CharSequence offer : offers) {
      String rest =
          Stream.of(offer.toString().split(",", -1))
              .map(String::strip)
              .filter(protocol -> !protocol.startsWith(BEARER_PROTOCOL))
              .collect(Collectors.joining(", "));
      if (!rest.isEmpty()) {
        headers.add(PROTOCOLS, rest);
      }
    }
  }

  /** As Go's reverse proxy does: the upstream's audit log shows where the request came from. */
  private static void forwardedFor(Http2Headers headers, InetSocketAddress client) {
    if (client.getAddress() == null) {
      return;
    }
    String own = client.getAddress().getHostAddress();
    List<CharSequence> before = headers.getAll(FORWARDED_FOR);
    headers.set(FORWARDED_FOR, before.isEmpty() ? own : String.join(", ", before) + ", " + own);
  }

  private static void impersonate(Http2Headers headers, UserInfo user) {
    headers.set(IMPERSONATE_USER, value("name", user.name()));
    if (!user.uid().isEmpty()) {
      headers.set(IMPERSONATE_UID, value("UID", user.uid()));
    }
    for (String group : user.groups()) {
      if (!impliedByImpersonation(group, user)) {
        headers.add(IMPERSONATE_GROUP, value("group", group));
      }
    }
    user.extra()
        .forEach((key, values) -> {
          AsciiString name = AsciiString.of(IMPERSONATE_EXTRA + escapeKey(key));
          for (String extra : values) {
            headers.add(name, value("extra " + key, extra));
          }
        });
  }

  /**
   * The upstream adds these by itself. Not sending them spares the gateway's account the permission
   * to impersonate them.
   */
  private static boolean impliedByImpersonation(String group, UserInfo user) {
    return group.isEmpty()
        || group.equals(UserInfo.AUTHENTICATED)
        || (group.equals(UserInfo.UNAUTHENTICATED)
            && user.name().equals(UserInfo.ANONYMOUS.name()));
  }

  /**
   * A header's value arrives without the blanks around it and can't have control characters: a user
   * {@code "admin "} would become {@code "admin"} on the way, so such users are refused.
   */
  private static AsciiString value(String what, String text) {
    if (!text.equals(text.strip()) || hasControls(text)) {
      throw new ApiException(
          Status.failure(
              403,
              "Forbidden",
              "the user's "
                  + what
                  + " has blanks at an end or control characters, and so can't be passed on to"
                  + " another API server"));
    }
    // Header values are bytes; API servers take them for UTF-8.
    return new AsciiString(text.getBytes(UTF_8), false);
  }

  private static boolean hasControls(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < ' ' || text.charAt(i) == 0x7f) {
        return true;
      }
    }
    return false;
  }

  /**
   * As client-go does, but in lower case: everything that a name can't have, and the escape itself.
   */
  private static String escapeKey(String key) {
    StringBuilder escaped = new StringBuilder(key.length());
    for (byte b : key.getBytes(UTF_8)) {
      if (isTokenByte(b)) {
        escaped.append((char) b);
      } else {
        escaped.append('%');
        HexFormat.of().toHexDigits(escaped, b);
      }
    }
    return escaped.toString();
  }

  /** RFC 9110, 5.6.2, without {@code %}; lower case only, as HTTP/2 wants it. */
  private static boolean isTokenByte(byte b) {
    return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || "!#$&'*+-.^_`|~".indexOf(b) >= 0;
  }
}
