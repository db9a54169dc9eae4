package io.multicluster.proxy;

import io.multicluster.wire.http.RequestHead;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.net.URI;

/**
 * One of an upstream's addresses.
 *
 * @param host a name or an IP literal, without brackets
 * @param authority host and port as they stand in the URL
 * @param pathPrefix escaped, without trailing slash; often empty
 */
record Server(String host, int port, AsciiString authority, String pathPrefix) {
  private static final int HTTPS_PORT = 443;

  static Server of(URI url) {
    String host = url.getHost();
    String path = url.getRawPath() == null ? "" : url.getRawPath();
    return new Server(
        host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
        url.getPort() < 0 ? HTTPS_PORT : url.getPort(),
        AsciiString.of(url.getRawAuthority()),
        path.endsWith("/") ? path.substring(0, path.length() - 1) : path);
  }

  /** {@code host:port} for messages. */
  String address() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }

  /** The request target at this server. */
  String path(RequestHead head) {
    return pathPrefix.isEmpty() ? head.target() : pathPrefix + head.target();
  }

  /** Adds or replaces what a request needs to be HTTP/2. */
  void address(RequestHead head, Http2Headers headers) {
    headers
        .method(AsciiString.of(head.method()))
        .scheme(HTTPS)
        .authority(authority)
        .path(AsciiString.of(path(head)));
  }

  private static final AsciiString HTTPS = AsciiString.cached("https");
}
