package io.multicluster.server.transport;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLException;

/** How the server speaks TLS: 1.2 and 1.3, h2 and http/1.1, BoringSSL where its native is. */
public final class ServingTls {
  private ServingTls() {}

  /**
   * @param chain what clients are shown, leaf first
   * @param clientAuthorities their names tell clients that have several certificates which to send;
   *     others are accepted too, see {@link AnyClientCertificate}
   * @throws SSLException if key and certificate do not fit each other or are of an unusable kind
   */
  public static SslContext context(
      PrivateKey key, List<X509Certificate> chain, List<X509Certificate> clientAuthorities)
      throws SSLException {
    return context(provider(), key, chain, clientAuthorities);
  }

  static SslContext context(
      SslProvider provider,
      PrivateKey key,
      List<X509Certificate> chain,
      List<X509Certificate> clientAuthorities)
      throws SSLException {
    return SslContextBuilder.forServer(key, chain)
        .sslProvider(provider)
        .protocols("TLSv1.3", "TLSv1.2")
        .clientAuth(ClientAuth.OPTIONAL)
        .trustManager(new AnyClientCertificate(clientAuthorities))
        .applicationProtocolConfig(
            new ApplicationProtocolConfig(
                Protocol.ALPN,
                SelectorFailureBehavior.NO_ADVERTISE,
                SelectedListenerFailureBehavior.ACCEPT,
                ApplicationProtocolNames.HTTP_2,
                ApplicationProtocolNames.HTTP_1_1))
        .build();
  }

  private static SslProvider provider() {
    return OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
  }
}
