package io.multicluster.authn;

import io.netty.handler.codec.http2.Http2Headers;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * What a request carries that can tell who sent it.
 *
 * @param headers lower-case names; read only, except by {@link Authenticator#strip}
 * @param certificates the chain of the TLS handshake, leaf first; empty if the client sent none.
 *     Possession of the leaf's key is proven, nothing else is.
 * @param path decoded, without query, an entry {@code /clusters/NAME} cut off
 */
public record AuthenticationRequest(
    Http2Headers headers,
    List<X509Certificate> certificates,
    InetSocketAddress remoteAddress,
    String path) {}
