package io.multicluster.authn.x509;

import io.multicluster.authn.Authentication;
import io.multicluster.authn.AuthenticationRequest;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.UserGroups;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Reads the user from a client certificate: CN is the name, every O a group. Never waits.
 *
 * <p>Time and revocation are looked at for every request, so that both end access on connections
 * that are open.
 */
public final class X509Authenticator implements Authenticator {
  /** Key of {@link UserInfo#extra} under which Kubernetes names the certificate. */
  public static final String CREDENTIAL_ID = "authentication.kubernetes.io/credential-id";

  private final TrustedChains<Optional<UserInfo>> chains;
  private final RevocationCheck revocations;

  /**
   * @param revocations asked for every request
   */
  public X509Authenticator(CaFiles authorities, RevocationCheck revocations, Clock clock) {
    this.chains = new TrustedChains<>(authorities, X509Authenticator::user, Level.INFO, clock);
    this.revocations = revocations;
  }

  @Override
  public @Nullable UserInfo authenticate(AuthenticationRequest request) {
    List<X509Certificate> chain = request.certificates();
    if (chain.isEmpty()) {
      return null;
    }
    UserInfo user = chains.require(chain).orElse(null);
    if (user != null && revocations.revoked(chain.getFirst(), user.name())) {
      throw ApiException.unauthorized();
    }
    return user;
  }

  /**
   * Whether a chain would be a user if its leaf had not been taken back: whoever presented it must
   * not go on with what began before.
   *
   * @param chain leaf first, not empty
   */
  public boolean revoked(List<X509Certificate> chain) {
    try {
      UserInfo user = chains.require(chain).orElse(null);
      return user != null && revocations.revoked(chain.getFirst(), user.name());
    } catch (ApiException notTrusted) {
      return false;
    }
  }

  @Override
  public Authentication authenticateNow(AuthenticationRequest request) {
    return Authentication.of(authenticate(request));
  }

  /** Nobody if the certificate has no name: it is good, but no credential. */
  private static Optional<UserInfo> user(X509Certificate leaf) throws CertificateException {
    Subject subject = Subject.of(leaf.getSubjectX500Principal());
    if (subject.commonName().isEmpty()) {
      return Optional.empty();
    }
    UserInfo user =
        new UserInfo(
            subject.commonName(),
            uid(subject),
            subject.organizations(),
            Map.of(CREDENTIAL_ID, List.of("X509SHA256=" + fingerprint(leaf))));
    return Optional.of(UserGroups.authenticated(user));
  }

  private static String uid(Subject subject) throws CertificateException {
    if (subject.uids().isEmpty()) {
      return "";
    }
    if (subject.uids().size() > 1 || subject.uids().getFirst().isEmpty()) {
      throw new CertificateException(
          "the subject has " + subject.uids() + " as UID, where one text is expected");
    }
    return subject.uids().getFirst();
  }

  private static String fingerprint(X509Certificate certificate)
      throws CertificateEncodingException {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
