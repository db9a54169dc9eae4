package io.multicluster.server;

import io.multicluster.certs.KeyedCertificate;
import io.multicluster.server.transport.ServingTls;
import io.netty.handler.ssl.SslContext;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TLS context of now: made again when the certificate or the client authorities have changed.
 * For any thread.
 */
final class CurrentTls implements Supplier<SslContext> {
  private static final Logger LOG = LoggerFactory.getLogger(CurrentTls.class);

  private final Supplier<KeyedCertificate> certificate;
  private final Supplier<Set<X509Certificate>> clientAuthorities;
  private volatile @Nullable Made made;

  private record Made(
      KeyedCertificate certificate, Set<X509Certificate> authorities, SslContext context) {}

  CurrentTls(
      Supplier<KeyedCertificate> certificate, Supplier<Set<X509Certificate>> clientAuthorities) {
    this.certificate = certificate;
    this.clientAuthorities = clientAuthorities;
  }

  /**
   * @throws IllegalStateException if the first certificate can't be used; later ones that can't are
   *     logged, and the last good one stays
   */
  @Override
  public SslContext get() {
    KeyedCertificate now = certificate.get();
    Set<X509Certificate> authorities = clientAuthorities.get();
    Made last = made;
    if (last != null && last.certificate.equals(now) && last.authorities.equals(authorities)) {
      return last.context;
    }
    SslContext context;
    try {
      context = ServingTls.context(now.key(), now.chain(), List.copyOf(authorities));
    } catch (SSLException e) {
      if (last == null) {
        throw new IllegalStateException("the serving certificate can't be used", e);
      }
      LOG.error("The new serving certificate can't be used, the last one stays", e);
      context = last.context;
    }
    made = new Made(now, authorities, context);
    return context;
  }
}
