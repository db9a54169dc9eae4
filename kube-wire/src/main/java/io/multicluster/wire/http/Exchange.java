package io.multicluster.wire.http;

import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;

/** One request of a client and the way to answer it. */
public interface Exchange {
  RequestHead request();

  BodySource requestBody();

  ResponseSink response();

  /** The event loop of the client's connection: cheap answers are made on it. */
  EventLoop eventLoop();

  /** Whether the connection speaks HTTP/2; upgrades exist only where it does not. */
  boolean http2();

  /**
   * The certificate chain that the client presented in the TLS handshake, leaf first; empty if
   * none. It proves possession of the key and nothing else: whom it is trusted by is for the
   * authenticator to say.
   */
  List<X509Certificate> clientCertificates();

  InetSocketAddress remoteAddress();
}
