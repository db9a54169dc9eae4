package io.multicluster.server.transport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
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

  /**
   * Call after the handshake.
   *
   * @throws IllegalArgumentException if the client presented a certificate that can't be read
   */
  static ClientConnection of(Channel channel, SslHandler tls) {
    return new ClientConnection(
        channel, channel.eventLoop(), presented(tls), (InetSocketAddress) channel.remoteAddress());
  }

  /**
   * Read anew from their bytes: what the TLS engine gives may decode itself again at each look, and
   * every request of the connection looks.
   */
  private static List<X509Certificate> presented(SslHandler tls) {
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      List<X509Certificate> chain = new ArrayList<>(2);
      for (Certificate certificate : tls.engine().getSession().getPeerCertificates()) {
        chain.add(
            (X509Certificate)
                factory.generateCertificate(new ByteArrayInputStream(certificate.getEncoded())));
      }
      return List.copyOf(chain);
    } catch (SSLPeerUnverifiedException none) {
      return List.of();
    } catch (CertificateException unreadable) {
      throw new IllegalArgumentException("the client's certificate can't be read", unreadable);
    }
  }
}
