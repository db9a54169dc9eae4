package io.multicluster.certs;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the inventory: a certificate that was given to somebody.
 *
 * @param issuer the authority's name as RFC 2253 writes it
 * @param fingerprint SHA-256 in lower-case hex, as in the user's credential id
 * @param revoked when it was revoked; null while it is good
 */
public record IssuedCertificate(
    BigInteger serial,
    String issuer,
    String fingerprint,
    String user,
    List<String> groups,
    Instant notBefore,
    Instant notAfter,
    @Nullable Instant revoked) {
  public IssuedCertificate {
    groups = List.copyOf(groups);
  }

  static IssuedCertificate of(X509Certificate certificate, String user, List<String> groups) {
    return new IssuedCertificate(
        certificate.getSerialNumber(),
        certificate.getIssuerX500Principal().getName(),
        fingerprint(certificate),
        user,
        groups,
        certificate.getNotBefore().toInstant(),
        certificate.getNotAfter().toInstant(),
        null);
  }

  /** In lower-case hex, as {@code openssl x509 -serial} and the command line show it. */
  public String serialText() {
    return serial.toString(16);
  }

  IssuedCertificate revokedAt(Instant when) {
    return new IssuedCertificate(
        serial, issuer, fingerprint, user, groups, notBefore, notAfter, when);
  }

  private static String fingerprint(X509Certificate certificate) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a certificate was made but can't be hashed", e);
    }
  }
}
