package io.multicluster.proxy;

import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * A whole answer.
 *
 * @param headers lower-case names, no pseudo headers
 * @param body the caller's own
 */
public record UpstreamResponse(int status, Http2Headers headers, byte[] body) {
  /**
   * This answer, as one that the client may be told whom the request was made for.
   *
   * @param upstream who gave it
   * @throws ApiException 503 instead of 401: that refuses the gateway's own credentials, and the
   *     client must not think that its own were
   */
  public UpstreamResponse forClient(UpstreamClient upstream) {
    if (status == 401) {
      throw UpstreamErrors.credentialsRefused(upstream.name());
    }
    return this;
  }
}
