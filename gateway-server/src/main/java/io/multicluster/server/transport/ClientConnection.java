package io.multicluster.server.transport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * The facts of a connection that all its requests share.
 *
 * @param clientCertificates leaf first; empty if the client presented none
 */
record ClientConnection(
    Channel channel,
    EventLoop loop,
    List<X509Certificate> clientCertificates,
    InetSocketAddress remoteAddress) {

  /** Call after the handshake. */
  static ClientConnection of(Channel channel, SslHandler tls) {
    return new ClientConnection(
        channel, channel.eventLoop(), presented(tls), (InetSocketAddress) channel.remoteAddress());
  }

  private static List<X509Certificate> presented(SslHandler tls) {
    try {
      List<X509Certificate> chain = new ArrayList<>(2);
      for (Certificate certificate : tls.engine().getSession().getPeerCertificates()) {
        chain.add((X509Certificate) certificate);
      }
      return List.copyOf(chain);
    } catch (SSLPeerUnverifiedException none) {
      return List.of();
    }
  }
}
