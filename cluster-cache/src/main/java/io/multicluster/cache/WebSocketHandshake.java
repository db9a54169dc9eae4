package io.multicluster.cache;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/** The opening handshake of RFC 6455, section 4.2. */
final class WebSocketHandshake {
  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  /** Carries a token, which has done its work when we come here, and is never repeated. */
  private static final String BEARER_PROTOCOL = "base64url.bearer.authorization.k8s.io.";

  private WebSocketHandshake() {}

  static boolean asked(Exchange exchange) {
    RequestHead request = exchange.request();
    return !exchange.http2()
        && tokens(request, "connection").contains("upgrade")
        && tokens(request, "upgrade").contains("websocket");
  }

  /**
   * The headers of the 101 answer.
   *
   * @throws ApiException 400 if the client does not ask as the RFC says
   */
  static Http2Headers answer(RequestHead request) {
    String key = request.header("sec-websocket-key");
    if (key == null || !"13".equals(request.header("sec-websocket-version"))) {
      throw ApiException.badRequest("a WebSocket needs Sec-WebSocket-Key and version 13");
    }
    Http2Headers headers =
        new DefaultHttp2Headers(false)
            .set("upgrade", "websocket")
            .set("connection", "Upgrade")
            .set("sec-websocket-accept", accept(key));
    List<String> protocols =
        tokens(request, "sec-websocket-protocol").stream()
            .filter(protocol -> !protocol.startsWith(BEARER_PROTOCOL))
            .toList();
    if (protocols.size() > 1) {
      throw ApiException.badRequest("a watch has one subprotocol at most");
    }
    protocols.forEach(protocol -> headers.set("sec-websocket-protocol", protocol));
    return headers;
  }

  private static String accept(String key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-1").digest((key.strip() + GUID).getBytes(US_ASCII));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-1", e);
    }
  }

  private static List<String> tokens(RequestHead request, String name) {
    String value = request.header(name);
    return value == null
        ? List.of()
        : Arrays.stream(value.split(",", -1))
            .map(token -> token.strip().toLowerCase(Locale.ROOT))
            .filter(token -> !token.isEmpty())
            .toList();
  }
}
