package io.multicluster.proxy;

import io.multicluster.proxy.UpstreamConfig.ClientCertificate;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLException;

/**
 * The TLS side of one configuration: contexts for pooled connections, which offer HTTP/2, and for
 * upgrades, which can only be made over HTTP/1.1.
 */
record ClientTls(SslContext pooled, SslContext upgrades) {

  /**
   * Of the key store that Netty puts the key in, which nobody but this process sees. The default,
   * PKCS #12, derives a key from the empty password in 15 ms; there are two contexts for each
   * upstream.
   */
  private static final String KEY_STORE = "JKS";

  /**
   * @throws IllegalArgumentException if certificates or key can't be used
   */
  static ClientTls of(UpstreamConfig config) {
    try {
      return new ClientTls(
          context(config, ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1),
          context(config, ApplicationProtocolNames.HTTP_1_1));
    } catch (SSLException e) {
      throw new IllegalArgumentException(
          "certificates or key of upstream " + config + " can't be used: " + e.getMessage(), e);
    }
  }

  private static SslContext context(UpstreamConfig config, String... protocols)
      throws SSLException {
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
            .keyStoreType(KEY_STORE)
            .applicationProtocolConfig(
                new ApplicationProtocolConfig(
                    Protocol.ALPN,
                    SelectorFailureBehavior.NO_ADVERTISE,
                    SelectedListenerFailureBehavior.ACCEPT,
                    protocols));
    String authority = config.certificateAuthority();
    if (config.insecureSkipTlsVerify()) {
      builder
          .trustManager(InsecureTrustManagerFactory.INSTANCE)
          .endpointIdentificationAlgorithm(null);
    } else if (authority != null) {
      builder.trustManager(certificates(authority, "the certificate authority"));
    }
    ClientCertificate own = config.clientCertificate();
    if (own != null) {
      builder.keyManager(
          PemKey.parse(own.key()), certificates(own.chain(), "the client certificate"));
    }
    return builder.build();
  }

  private static X509Certificate[] certificates(String pem, String what) {
    try {
      X509Certificate[] certificates =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)))
              .toArray(X509Certificate[]::new);
      if (certificates.length == 0) {
        throw new IllegalArgumentException(what + " has no PEM certificate");
      }
      return certificates;
    } catch (CertificateException e) {
      throw new IllegalArgumentException(what + " is not PEM certificates", e);
    }
  }
}
