package io.multicluster.authn.x509;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.multicluster.authn.Authentication;
import io.multicluster.authn.AuthenticationRequest;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.UserGroups;
import io.multicluster.authn.x509.ChainVerifier.Validity;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the user from a client certificate: CN is the name, every O a group. Never waits.
 *
 * <p>A chain is verified once and then known by its bytes; its time and its revocation are looked
 * at for every request, so that both end access on connections that are open. Refusals are
 * remembered for a short while as well: a client that repeats itself must not cost a signature
 * check each time.
 */
public final class X509Authenticator implements Authenticator {
  /** Key of {@link UserInfo#extra} under which Kubernetes names the certificate. */
  public static final String CREDENTIAL_ID = "authentication.kubernetes.io/credential-id";

  private static final Logger LOG = LoggerFactory.getLogger(X509Authenticator.class);
  private static final int MAX_ACCEPTED_CHAINS = 20_000;
  private static final int MAX_REFUSED_CHAINS = 1_000;
  private static final Duration REFUSAL_STAYS = Duration.ofSeconds(10);

  private final CaFiles authorities;
  private final RevocationCheck revocations;
  private final Clock clock;
  private volatile Known known;

  /**
   * @param revocations asked for every request
   */
  public X509Authenticator(CaFiles authorities, RevocationCheck revocations, Clock clock) {
    this.authorities = authorities;
    this.revocations = revocations;
    this.clock = clock;
    this.known = new Known(authorities.bundle());
  }

  @Override
  public @Nullable UserInfo authenticate(AuthenticationRequest request) {
    List<X509Certificate> chain = request.certificates();
    if (chain.isEmpty()) {
      return null;
    }
    Instant now = clock.instant();
    if (known().judge(chain, now) instanceof Verdict.Trusted(UserInfo user, Validity validity)
        && validity.includes(now)
        && (user == null || !revocations.revoked(chain.getFirst(), user.name()))) {
      return user;
    }
    throw ApiException.unauthorized();
  }

  @Override
  public Authentication authenticateNow(AuthenticationRequest request) {
    return Authentication.of(authenticate(request));
  }

  private Known known() {
    Known current = known;
    if (current.generation != authorities.bundle().generation()) {
      current = new Known(authorities.bundle());
      known = current; // a race makes two, both right
    }
    return current;
  }

  /** The SHA-256 of a certificate in lower-case hex. */
  static String fingerprint(X509Certificate certificate) throws CertificateEncodingException {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** What was found out about a chain. */
  private sealed interface Verdict {
    /**
     * @param user null if the certificate has no name: it is good, but no credential
     */
    record Trusted(@Nullable UserInfo user, Validity validity) implements Verdict {}

    record Refused() implements Verdict {}
  }

  /** Verdicts under one set of authorities; another set starts without any. */
  private static final class Known {
    private final long generation;
    private final ChainVerifier verifier;
    private final Cache<List<X509Certificate>, Verdict> accepted =
        Caffeine.newBuilder().maximumSize(MAX_ACCEPTED_CHAINS).build();
    private final Cache<List<X509Certificate>, Verdict> refused =
        Caffeine.newBuilder()
            .maximumSize(MAX_REFUSED_CHAINS)
            .expireAfterWrite(REFUSAL_STAYS)
            .build();

    Known(CaFiles.Bundle authorities) {
      this.generation = authorities.generation();
      this.verifier = new ChainVerifier(authorities.certificates());
    }

    Verdict judge(List<X509Certificate> chain, Instant now) {
      Verdict verdict = accepted.getIfPresent(chain);
      if (verdict != null) {
        return verdict;
      }
      verdict = refused.getIfPresent(chain);
      if (verdict != null) {
        return verdict;
      }
      try {
        verdict = verify(chain, now);
        accepted.put(chain, verdict);
      } catch (CertificateException | IllegalArgumentException e) {
        LOG.atInfo()
            .addKeyValue("subject", chain.getFirst().getSubjectX500Principal())
            .addKeyValue("issuer", chain.getFirst().getIssuerX500Principal())
            .addKeyValue("serial", chain.getFirst().getSerialNumber())
            .addKeyValue("reason", e.getMessage())
            .log("Client certificate refused");
        verdict = new Verdict.Refused();
        refused.put(chain, verdict);
      }
      return verdict;
    }

    private Verdict verify(List<X509Certificate> chain, Instant now) throws CertificateException {
      Validity validity = verifier.verify(chain, now);
      X509Certificate leaf = chain.getFirst();
      Subject subject = Subject.of(leaf.getSubjectX500Principal());
      if (subject.commonName().isEmpty()) {
        return new Verdict.Trusted(null, validity);
      }
      UserInfo user =
          new UserInfo(
              subject.commonName(),
              uid(subject),
              subject.organizations(),
              Map.of(CREDENTIAL_ID, List.of("X509SHA256=" + fingerprint(leaf))));
      return new Verdict.Trusted(UserGroups.authenticated(user), validity);
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
  }
}
