package io.multicluster.authn.jwt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.factories.DefaultJWSVerifierFactory;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.multicluster.authn.jwt.AuthenticationConfiguration.Jwt;
import io.multicluster.authn.token.TokenAuthenticator;
import io.multicluster.authn.token.TokenRefusedException;
import io.multicluster.authn.token.TokenUser;
import java.io.IOException;
import java.text.ParseException;
import java.time.Clock;
import java.time.Instant;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Judges the tokens of one issuer. */
public final class JwtAuthenticator implements TokenAuthenticator {
  /** Those with a public key; with a shared secret whoever checks a token could make one. */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512);

  private final String issuer;
  private final Set<String> audiences;
  private final IssuerKeys keys;
  private final ClaimsMapping mapping;
  private final Clock clock;

  /**
   * The issuer need not be there yet.
   *
   * @throws IllegalArgumentException if an expression or the issuer's authority can't be used
   */
  public JwtAuthenticator(Jwt configuration, Clock clock) {
    this.issuer = configuration.issuer().url();
    this.audiences = Set.copyOf(configuration.issuer().audiences());
    this.keys = new IssuerKeys(configuration.issuer(), clock);
    this.mapping = new ClaimsMapping(configuration);
    this.clock = clock;
  }

  @Override
  public @Nullable TokenUser authenticate(String token) throws TokenRefusedException, IOException {
    SignedJWT parsed;
    JWTClaimsSet claims;
    Map<String, Object> all;
    try {
      parsed = SignedJWT.parse(token);
      all = parsed.getPayload().toJSONObject();
      claims = all == null ? null : parsed.getJWTClaimsSet();
    } catch (ParseException e) {
      return null; // no JWT, or one without signature: not what this judges
    }
    if (claims == null || all == null || !issuer.equals(claims.getIssuer())) {
      return null;
    }
    requireSignature(parsed);
    Instant until = requireTime(claims);
    if (Collections.disjoint(audiences, claims.getAudience())) {
      throw new TokenRefusedException("a token of " + issuer + " is meant for another audience");
    }
    try {
      return new TokenUser(mapping.user(all), until);
    } catch (ClaimsException e) {
      throw new TokenRefusedException("a token of " + issuer + ": " + e.getMessage());
    }
  }

  private void requireSignature(SignedJWT token) throws TokenRefusedException, IOException {
    if (!ALGORITHMS.contains(token.getHeader().getAlgorithm())) {
      throw new TokenRefusedException(
          "a token of " + issuer + " has algorithm " + token.getHeader().getAlgorithm());
    }
    List<JWK> candidates = keys.find(token.getHeader());
    for (JWK each : candidates) {
      try {
        if (each instanceof AsymmetricJWK key) {
          JWSVerifier verifier =
              new DefaultJWSVerifierFactory()
                  .createJWSVerifier(token.getHeader(), key.toPublicKey());
          if (token.verify(verifier)) {
            return;
          }
        }
      } catch (JOSEException e) {
        // a key of another kind than the header says
      }
    }
    throw new TokenRefusedException(
        candidates.isEmpty()
            ? "a token of " + issuer + " is signed with a key that the issuer does not have"
            : "a token of " + issuer + " has a wrong signature");
  }

  private Instant requireTime(JWTClaimsSet claims) throws TokenRefusedException {
    Instant now = clock.instant();
    Date end = claims.getExpirationTime();
    if (end == null || end.toInstant().isBefore(now)) {
      throw new TokenRefusedException("a token of " + issuer + " has expired");
    }
    Date start = claims.getNotBeforeTime();
    if (start != null && start.toInstant().isAfter(now)) {
      throw new TokenRefusedException("a token of " + issuer + " is not valid yet");
    }
    return end.toInstant();
  }
}
