package io.multicluster.certs;

import io.multicluster.wire.status.ApiException;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * What has been taken back, as far as this process knows. Safe for use by any thread; {@link
 * #includes} is asked for every request and answers from memory.
 *
 * <p>Until the inventory has been read once nothing is known, and certificates can't be judged: a
 * gateway that starts while its control plane is gone must not let a revoked user in. Once it has
 * been read, what was known last stays in force while the inventory is out of reach.
 */
public final class Revocations {
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile @Nullable Known known;

  /** Adds to what runs after each change; the place to end what revoked users have open. */
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /** Whether the inventory has been read. */
  public boolean synced() {
    return known != null;
  }

  /** Takes the inventory's newest contents over. */
  public void update(Inventory.Contents contents) {
    Known before = known;
    Known after = Known.of(contents);
    known = after;
    if (!after.equals(before)) {
      listeners.forEach(Runnable::run);
    }
  }

  /**
   * Whether a certificate was revoked.
   *
   * @param user the name in it
   * @throws ApiException 503 while nothing is known yet
   */
  public boolean includes(X509Certificate certificate, String user) {
    Known now = known;
    if (now == null) {
      throw ApiException.unavailable("the revocations of certificates are not known yet", 5);
    }
    return now.includes(certificate, user);
  }

  /**
   * @param certificates issuers by serial number: serial numbers of several authorities may be
   *     equal
   */
  private record Known(
      Map<BigInteger, List<X500Principal>> certificates, Map<String, Instant> users) {

    static Known of(Inventory.Contents contents) {
      Map<BigInteger, List<X500Principal>> certificates = new HashMap<>();
      for (IssuedCertificate each : contents.certificates()) {
        if (each.revoked() != null) {
          certificates.merge(
              each.serial(),
              List.of(new X500Principal(each.issuer())),
              (a, b) -> java.util.stream.Stream.concat(a.stream(), b.stream()).toList());
        }
      }
      return new Known(certificates, contents.revokedUsers());
    }

    boolean includes(X509Certificate certificate, String user) {
      if (!users.isEmpty()) {
        Instant upTo = users.get(user);
        if (upTo != null && !certificate.getNotBefore().toInstant().isAfter(upTo)) {
          return true;
        }
      }
      if (certificates.isEmpty()) {
        return false;
      }
      List<X500Principal> issuers = certificates.get(certificate.getSerialNumber());
      return issuers != null && issuers.contains(certificate.getIssuerX500Principal());
    }
  }
}
