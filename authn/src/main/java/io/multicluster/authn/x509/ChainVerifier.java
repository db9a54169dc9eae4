package io.multicluster.authn.x509;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.PKIXCertPathChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Judges certificate chains of clients: a path to one of the authorities, each certificate on it
 * (the authority's own included, as Go does) within its time and usable for client authentication.
 *
 * <p>Takes about a millisecond of CPU and never waits. Immutable.
 */
final class ChainVerifier {
  private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
  private static final String ANY_USAGE = "2.5.29.37.0";

  /** Intermediates between a leaf and an authority. Real hierarchies have one or two. */
  private static final int MAX_INTERMEDIATES = 5;

  /** As many certificates as Go looks at before it gives a search for a path up. */
  private static final int MAX_CANDIDATES = 100;

  private final Set<X509Certificate> authorities;

  ChainVerifier(Set<X509Certificate> authorities) {
    this.authorities = authorities;
  }

  /** The time in which all certificates of a verified path are valid, ends included. */
  record Validity(Instant notBefore, Instant notAfter) {
    boolean includes(Instant time) {
      return !time.isBefore(notBefore) && !time.isAfter(notAfter);
    }
  }

  /**
   * @param chain leaf first, the others in any order
   * @throws CertificateException says why the leaf is not trusted
   */
  Validity verify(List<X509Certificate> chain, Instant now) throws CertificateException {
    X509Certificate leaf = chain.getFirst();
    if (authorities.contains(leaf)) {
      return validity(List.of(leaf), now);
    }
    Set<TrustAnchor> anchors = new HashSet<>();
    for (X509Certificate authority : authorities) {
      if (usableByClients(authority) && window(authority).includes(now)) {
        anchors.add(new TrustAnchor(authority, null));
      }
    }
    if (anchors.isEmpty()) {
      throw new CertificateException("no certificate authority is valid now");
    }
    try {
      PKIXCertPathBuilderResult path =
          (PKIXCertPathBuilderResult)
              CertPathBuilder.getInstance("PKIX").build(parameters(anchors, chain, now));
      List<Certificate> all = new ArrayList<>(path.getCertPath().getCertificates());
      all.add(path.getTrustAnchor().getTrustedCert());
      return validity(all, now);
    } catch (CertPathBuilderException e) {
      Throwable why = e.getCause() == null ? e : e.getCause();
      throw new CertificateException(why.getMessage(), e);
    } catch (GeneralSecurityException e) {
      throw new CertificateException(e.getMessage(), e);
    }
  }

  private static PKIXBuilderParameters parameters(
      Set<TrustAnchor> anchors, List<X509Certificate> chain, Instant now)
      throws GeneralSecurityException {
    X509CertSelector target = new X509CertSelector();
    target.setCertificate(chain.getFirst());
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
    parameters.addCertStore(
        CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
    parameters.setDate(Date.from(now));
    parameters.setMaxPathLength(MAX_INTERMEDIATES);
    parameters.setRevocationEnabled(false); // ours is asked for each request, not once per chain
    parameters.addCertPathChecker(new SearchLimits());
    return parameters;
  }

  private static Validity validity(List<? extends Certificate> path, Instant now)
      throws CertificateException {
    Instant notBefore = Instant.MIN;
    Instant notAfter = Instant.MAX;
    for (Certificate certificate : path) {
      X509Certificate each = (X509Certificate) certificate;
      if (!usableByClients(each)) {
        throw new CertificateException("not meant for client authentication");
      }
      Validity window = window(each);
      notBefore = window.notBefore.isAfter(notBefore) ? window.notBefore : notBefore;
      notAfter = window.notAfter.isBefore(notAfter) ? window.notAfter : notAfter;
    }
    Validity whole = new Validity(notBefore, notAfter);
    if (!whole.includes(now)) {
      throw new CertificateException("valid from " + notBefore + " to " + notAfter + " only");
    }
    return whole;
  }

  private static Validity window(X509Certificate certificate) {
    return new Validity(
        certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
  }

  private static boolean usableByClients(X509Certificate certificate) {
    try {
      List<String> usages = certificate.getExtendedKeyUsage();
      return usages == null || usages.contains(CLIENT_AUTH) || usages.contains(ANY_USAGE);
    } catch (CertificateParsingException e) {
      return false;
    }
  }

  /**
   * Lets the search for a path turn away from certificates that are not meant for clients, and end.
   * Paths through authorities that sign each other are as many as their permutations: without a
   * bound, a stranger's handshake with a dozen of them would keep a core busy for a minute.
   */
  private static final class SearchLimits extends PKIXCertPathChecker {
    private final AtomicInteger candidates = new AtomicInteger(); // shared by clones of the search

    @Override
    public void init(boolean forward) {}

    @Override
    public boolean isForwardCheckingSupported() {
      return true;
    }

    @Override
    public @Nullable Set<String> getSupportedExtensions() {
      return null;
    }

    @Override
    public void check(Certificate certificate, Collection<String> unresolvedCriticalExtensions)
        throws CertPathValidatorException {
      if (candidates.incrementAndGet() > MAX_CANDIDATES) {
        throw new CertPathValidatorException("too many certificates to try");
      }
      if (!usableByClients((X509Certificate) certificate)) {
        throw new CertPathValidatorException("not meant for client authentication");
      }
    }
  }
}
