package io.multicluster.certs;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.util.IPAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the gateway shows to clients in TLS, kept current while it runs. Safe for use by any thread.
 */
public abstract sealed class ServingCertificates {
  private static final Logger LOG = LoggerFactory.getLogger(ServingCertificates.class);

  private volatile KeyedCertificate current;

  private ServingCertificates(KeyedCertificate first) {
    this.current = first;
  }

  /** The certificate of now; another instance after a change. */
  public KeyedCertificate current() {
    return current;
  }

  /** PEM of what clients have to trust, for kubeconfigs. */
  public abstract String authorityPem();

  /**
   * Looks for a reason to change the certificate; call it every few seconds. Blocks for as long as
   * the disk takes. Does not throw: on failure the current certificate stays, and the log says so.
   */
  public synchronized void refresh() {
    try {
      KeyedCertificate next = next(current);
      if (!next.chain().equals(current.chain())) {
        current = next;
        LOG.atInfo()
            .addKeyValue("subject", next.certificate().getSubjectX500Principal())
            .addKeyValue("until", next.certificate().getNotAfter().toInstant())
            .log("The serving certificate has changed");
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.atError()
          .addKeyValue("reason", e.getMessage())
          .log("The serving certificate can't be renewed: the current one stays");
    }
  }

  abstract KeyedCertificate next(KeyedCertificate now) throws IOException;

  /**
   * Files that somebody else renews, read again when they change.
   *
   * @throws IllegalArgumentException if they can't be used; the message names the file
   */
  public static ServingCertificates fromFiles(Path certificateFile, Path keyFile) {
    return new FromFiles(certificateFile, keyFile);
  }

  /**
   * Certificates of our own making, kept in {@code folder} beside the authority that signs them, so
   * that clients trust the same authority after each renewal and restart.
   *
   * @param hosts DNS names and IP addresses under which clients reach us, not empty
   * @throws IllegalArgumentException if the folder holds files that can't be used
   */
  public static ServingCertificates selfSigned(Path folder, Collection<String> hosts, Clock clock)
      throws IOException {
    // addresses in the one form in which certificates give them back: ::1 has several
    List<String> names =
        hosts.stream()
            .map(host ->
                IPAddress.isValid(host) ? InetAddress.ofLiteral(host).getHostAddress() : host)
            .toList();
    return new SelfSigned(folder, names, clock);
  }

  private static final class FromFiles extends ServingCertificates {
    private final Path certificateFile;
    private final Path keyFile;

    FromFiles(Path certificateFile, Path keyFile) {
      super(KeyedCertificate.read(certificateFile, keyFile));
      this.certificateFile = certificateFile;
      this.keyFile = keyFile;
    }

    @Override
    KeyedCertificate next(KeyedCertificate now) {
      return KeyedCertificate.read(certificateFile, keyFile);
    }

    /** The last of the chain: the authority if it is included, else the nearest to it. */
    @Override
    public String authorityPem() {
      return Pem.certificates(List.of(current().chain().getLast()));
    }
  }

  private static final class SelfSigned extends ServingCertificates {
    private static final Duration AUTHORITY_LIFETIME = Duration.ofDays(3650);
    private static final Duration LIFETIME = Duration.ofDays(365);

    private final CertificateAuthority authority;
    private final Path folder;
    private final List<String> hosts;
    private final Clock clock;

    SelfSigned(Path folder, List<String> hosts, Clock clock) throws IOException {
      CertificateAuthority authority = authority(folder, clock);
      super(current(authority, folder, hosts, clock));
      this.authority = authority;
      this.folder = folder;
      this.hosts = hosts;
      this.clock = clock;
    }

    @Override
    KeyedCertificate next(KeyedCertificate now) throws IOException {
      return due(now.certificate(), clock.instant()) ? sign(authority, folder, hosts) : now;
    }

    @Override
    public String authorityPem() {
      return Pem.certificates(List.of(authority.certificate()));
    }

    private static CertificateAuthority authority(Path folder, Clock clock) throws IOException {
      Path certificate = folder.resolve("serving-ca.crt");
      Path key = folder.resolve("serving-ca.key");
      if (Files.exists(certificate)) {
        return new CertificateAuthority(KeyedCertificate.read(certificate, key), clock);
      }
      CertificateAuthority made =
          CertificateAuthority.create(
              "multicluster-apiserver-serving", KeyAlgorithm.ECDSA_P256, AUTHORITY_LIFETIME, clock);
      made.keyedCertificate().write(certificate, key);
      return made;
    }

    private static KeyedCertificate current(
        CertificateAuthority authority, Path folder, List<String> hosts, Clock clock)
        throws IOException {
      Path certificate = folder.resolve("serving.crt");
      if (Files.exists(certificate)) {
        try {
          KeyedCertificate found =
              KeyedCertificate.read(certificate, folder.resolve("serving.key"));
          if (!due(found.certificate(), clock.instant())
              && names(found.certificate()).containsAll(hosts)
              && signedBy(authority, found.certificate())) {
            return found;
          }
        } catch (IllegalArgumentException e) {
          LOG.atWarn()
              .addKeyValue("reason", e.getMessage())
              .log("The serving certificate can't be used: a new one is made");
        }
      }
      return sign(authority, folder, hosts);
    }

    /** Renewed when a third of its life is left. */
    private static boolean due(X509Certificate certificate, Instant now) {
      Instant from = certificate.getNotBefore().toInstant();
      Instant to = certificate.getNotAfter().toInstant();
      return now.isAfter(to.minus(Duration.between(from, to).dividedBy(3)));
    }

    private static Set<String> names(X509Certificate certificate) {
      Set<String> names = new HashSet<>();
      try {
        Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
        if (alternatives != null) {
          alternatives.forEach(name -> names.add(String.valueOf(name.get(1))));
        }
      } catch (CertificateParsingException e) {
        LOG.atDebug().setCause(e).log("The serving certificate has unreadable names");
      }
      return names;
    }

    private static boolean signedBy(CertificateAuthority authority, X509Certificate certificate) {
      try {
        certificate.verify(authority.certificate().getPublicKey());
        return true;
      } catch (java.security.GeneralSecurityException e) {
        return false;
      }
    }

    private static KeyedCertificate sign(
        CertificateAuthority authority, Path folder, List<String> hosts) throws IOException {
      KeyPair keys = KeyAlgorithm.ECDSA_P256.generate();
      KeyedCertificate made =
          new KeyedCertificate(
              List.of(authority.signServer(hosts, keys.getPublic(), LIFETIME)), keys.getPrivate());
      made.write(folder.resolve("serving.crt"), folder.resolve("serving.key"));
      return made;
    }
  }
}
