package io.multicluster.certs;

import java.io.IOException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All certificates that were given to users, and what was taken back. Survives restarts. Safe for
 * use by any thread; all methods may block, and throw if the place where it is kept can't be
 * reached.
 */
public interface Inventory {

  /**
   * The whole of it at some time.
   *
   * @param certificates in the order in which they were issued
   * @param revokedUsers the time up to which all certificates of a user are revoked, whoever issued
   *     them, by user
   */
  record Contents(List<IssuedCertificate> certificates, Map<String, Instant> revokedUsers) {
    public static final Contents EMPTY = new Contents(List.of(), Map.of());

    public Contents {
      certificates = List.copyOf(certificates);
      revokedUsers = Map.copyOf(revokedUsers);
    }

    public List<IssuedCertificate> of(String user) {
      return certificates.stream().filter(each -> each.user().equals(user)).toList();
    }

    public @Nullable IssuedCertificate find(BigInteger serial) {
      return certificates.stream()
          .filter(each -> each.serial().equals(serial))
          .findFirst()
          .orElse(null);
    }

    /** Whether the entry is revoked, by itself or with its user. */
    public boolean revoked(IssuedCertificate certificate) {
      Instant upTo = revokedUsers.get(certificate.user());
      return certificate.revoked() != null
          || (upTo != null && !certificate.notBefore().isAfter(upTo));
    }
  }

  Contents contents() throws IOException;

  /** Enters a certificate; it is kept for good once this returns. */
  void add(IssuedCertificate certificate) throws IOException;

  /** Revokes one certificate, which is in the inventory. No effect if it is revoked already. */
  void revoke(IssuedCertificate certificate, Instant when) throws IOException;

  /** Revokes whatever was issued to a user up to {@code when}, known here or not. */
  void revokeUser(String user, Instant when) throws IOException;
}
