package io.multicluster.authn.x509;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.multicluster.authn.x509.ChainVerifier.Validity;
import io.multicluster.wire.status.ApiException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Client chains that were verified, and what was read from their leaf. Never waits.
 *
 * <p>A chain is verified once and then known by its bytes; its time is looked at again each time.
 * Refusals are remembered for a short while as well: a client that repeats itself must not cost a
 * signature check each time.
 */
final class TrustedChains<T> {
  private static final Logger LOG = LoggerFactory.getLogger(TrustedChains.class);
  private static final int MAX_ACCEPTED = 20_000;
  private static final int MAX_REFUSED = 1_000;
  private static final Duration REFUSAL_STAYS = Duration.ofSeconds(10);

  /** Finds in a trusted leaf what is wanted. */
  @FunctionalInterface
  interface Reading<T> {
    /**
     * @throws CertificateException if the leaf is no good although it is trusted
     */
    T read(X509Certificate leaf) throws CertificateException;
  }

  private final CaFiles authorities;
  private final Reading<T> reading;
  private final Level logged;
  private final Clock clock;
  private volatile Known<T> known;

  /**
   * @param logged how loud refusals are
   */
  TrustedChains(CaFiles authorities, Reading<T> reading, Level logged, Clock clock) {
    this.authorities = authorities;
    this.reading = reading;
    this.logged = logged;
    this.clock = clock;
    this.known = new Known<>(authorities.bundle());
  }

  /**
   * @param chain leaf first, not empty
   * @throws ApiException 401 if the chain is not trusted now
   */
  T require(List<X509Certificate> chain) {
    Instant now = clock.instant();
    if (judge(chain, now) instanceof Verdict.Trusted<T>(T found, Validity validity)
        && validity.includes(now)) {
      return found;
    }
    throw ApiException.unauthorized();
  }

  private Verdict<T> judge(List<X509Certificate> chain, Instant now) {
    Known<T> current = known();
    Verdict<T> verdict = current.accepted.getIfPresent(chain);
    if (verdict == null) {
      verdict = current.refused.getIfPresent(chain);
    }
    if (verdict == null) {
      verdict = verify(current, List.copyOf(chain), now);
    }
    return verdict;
  }

  private Verdict<T> verify(Known<T> current, List<X509Certificate> chain, Instant now) {
    X509Certificate leaf = chain.getFirst();
    try {
      Validity validity = current.verifier.verify(chain, now);
      Verdict<T> verdict = new Verdict.Trusted<>(reading.read(leaf), validity);
      current.accepted.put(chain, verdict);
      return verdict;
    } catch (CertificateException | IllegalArgumentException e) {
      LOG.atLevel(logged)
          .addKeyValue("subject", leaf.getSubjectX500Principal())
          .addKeyValue("issuer", leaf.getIssuerX500Principal())
          .addKeyValue("serial", leaf.getSerialNumber().toString(16))
          .addKeyValue("reason", e.getMessage())
          .log("Client certificate refused");
      Verdict<T> verdict = new Verdict.Refused<>();
      current.refused.put(chain, verdict);
      return verdict;
    }
  }

  private Known<T> known() {
    Known<T> current = known;
    CaFiles.Bundle newest = authorities.bundle();
    if (current.generation != newest.generation()) {
      current = new Known<>(newest);
      known = current; // a race makes two, both right
    }
    return current;
  }

  private sealed interface Verdict<T> {
    record Trusted<T>(T found, Validity validity) implements Verdict<T> {}

    record Refused<T>() implements Verdict<T> {}
  }

  /** Verdicts under one set of authorities; another set starts without any. */
  private static final class Known<T> {
    private final long generation;
    private final ChainVerifier verifier;
    private final Cache<List<X509Certificate>, Verdict<T>> accepted =
        Caffeine.newBuilder().maximumSize(MAX_ACCEPTED).executor(Runnable::run).build();
    private final Cache<List<X509Certificate>, Verdict<T>> refused =
        Caffeine.newBuilder()
            .maximumSize(MAX_REFUSED)
            .expireAfterWrite(REFUSAL_STAYS)
            .executor(Runnable::run)
            .build();

    Known(CaFiles.Bundle authorities) {
      this.generation = authorities.generation();
      this.verifier = new ChainVerifier(authorities.certificates());
    }
  }
}
