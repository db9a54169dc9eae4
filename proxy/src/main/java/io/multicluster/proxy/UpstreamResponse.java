package io.multicluster.proxy;

import io.netty.handler.codec.http2.Http2Headers;

/**
 * A whole answer.
 *
 * @param headers lower-case names, no pseudo headers
 * @param body the caller's own
 */
public record UpstreamResponse(int status, Http2Headers headers, byte[] body) {}
