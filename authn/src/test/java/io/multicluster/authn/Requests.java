package io.multicluster.authn;

import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;

/** Requests and users for tests. */
public final class Requests {
  private Requests() {}

  /** Name, value, name, value. */
  public static Http2Headers headers(String... namesAndValues) {
    Http2Headers headers = new DefaultHttp2Headers();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      headers.add(namesAndValues[i], namesAndValues[i + 1]);
    }
    return headers;
  }

  public static AuthenticationRequest request(Http2Headers headers, X509Certificate... chain) {
    return request("/api", headers, chain);
  }

  public static AuthenticationRequest request(
      String path, Http2Headers headers, X509Certificate... chain) {
    return new AuthenticationRequest(headers, List.of(chain), new InetSocketAddress(0), path);
  }

  public static UserInfo user(String name, String... groups) {
    return new UserInfo(name, "", List.of(groups), Map.of());
  }
}
