package io.multicluster.authn.x509;

import java.security.cert.X509Certificate;

/** Tells which certificates were taken back. Safe for use by any thread, answers from memory. */
@FunctionalInterface
public interface RevocationCheck {
  /**
   * @param leaf trusted otherwise
   * @param user the name in it
   * @throws io.multicluster.wire.status.ApiException 503 while this is not known
   */
  boolean revoked(X509Certificate leaf, String user);
}
