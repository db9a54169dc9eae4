package io.multicluster.certs;

import java.io.IOException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * Gives certificates to users and takes them back. Safe for use by any thread; blocks as long as
 * the inventory takes.
 *
 * <p>A certificate is entered into the inventory before anybody gets it, so that whatever exists
 * can be found and revoked.
 */
public final class ClientCertificates {
  private final CertificateAuthority authority;
  private final Inventory inventory;
  private final Clock clock;

  public ClientCertificates(CertificateAuthority authority, Inventory inventory, Clock clock) {
    this.authority = authority;
    this.inventory = inventory;
    this.clock = clock;
  }

  /**
   * A new key and a certificate for it. The key is nowhere but in the result.
   *
   * @param groups without {@code system:authenticated}, which every user has
   * @throws IOException if the inventory can't be written; nothing was issued then
   */
  public KeyedCertificate issue(
      String user, List<String> groups, Duration lifetime, KeyAlgorithm algorithm)
      throws IOException {
    KeyPair keys = algorithm.generate();
    X509Certificate certificate = sign(user, groups, keys.getPublic(), lifetime);
    return new KeyedCertificate(List.of(certificate), keys.getPrivate());
  }

  /**
   * A certificate for a key that its owner keeps.
   *
   * @param lifetime from now on; cut to the authority's end
   * @throws IllegalArgumentException if the name of the user or of a group is empty or has control
   *     characters, or the lifetime is not positive
   * @throws IOException if the inventory can't be written; nothing was issued then
   */
  public X509Certificate sign(String user, List<String> groups, PublicKey key, Duration lifetime)
      throws IOException {
    requireName("user", user);
    groups.forEach(group -> requireName("group", group));
    if (!lifetime.isPositive()) {
      throw new IllegalArgumentException("the lifetime " + lifetime + " is not positive");
    }
    Instant now = clock.instant();
    X509Certificate certificate =
        authority.signClient(user, groups, key, start(user, now), now.plus(lifetime));
    inventory.add(IssuedCertificate.of(certificate, user, groups));
    return certificate;
  }

  private static void requireName(String what, String name) {
    if (name.isEmpty() || name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "\"" + name + "\" is no name for a " + what + ": it is empty or has control characters");
    }
  }

  /** What was issued to a user stops working; certificates issued afterwards work. */
  public void revokeUser(String user) throws IOException {
    inventory.revokeUser(user, clock.instant());
  }

  /** One certificate stops working. */
  public void revoke(IssuedCertificate certificate) throws IOException {
    inventory.revoke(certificate, clock.instant());
  }

  /**
   * The start of a new certificate's life: a little ago, but after the last revocation of its user,
   * whose certificates from before are known by their start. Certificates count in whole seconds.
   */
  private Instant start(String user, Instant now) throws IOException {
    Instant start = now.minus(CertificateAuthority.CLOCK_SKEW);
    Instant revokedUpTo = inventory.contents().revokedUsers().get(user);
    return revokedUpTo == null || start.isAfter(revokedUpTo)
        ? start
        : revokedUpTo.truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
  }
}
