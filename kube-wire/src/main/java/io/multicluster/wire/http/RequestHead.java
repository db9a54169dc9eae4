package io.multicluster.wire.http;

import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request.
 *
 * @param method in upper case, as sent
 * @param path as sent, still escaped, without query; starts with a slash
 * @param query as sent, still escaped, without question mark; empty if none
 * @param headers lower-case names, no pseudo headers; owned by the exchange, not thread-safe
 */
public record RequestHead(String method, String path, String query, Http2Headers headers) {

  /** The first value of a header; null if absent. */
  public @Nullable String header(CharSequence lowerCaseName) {
    CharSequence value = headers.get(lowerCaseName);
    return value == null ? null : value.toString();
  }

  /** Path and query as they stood in the request line. */
  public String target() {
    return query.isEmpty() ? path : path + "?" + query;
  }
}
