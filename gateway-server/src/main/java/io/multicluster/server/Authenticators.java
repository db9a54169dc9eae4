package io.multicluster.server;

import com.github.benmanes.caffeine.cache.Ticker;
import io.multicluster.authn.AnonymousAccess;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.AuthenticatorChain;
import io.multicluster.authn.Reloadable;
import io.multicluster.authn.jwt.AuthenticationConfiguration;
import io.multicluster.authn.jwt.AuthenticationConfigurationFile;
import io.multicluster.authn.jwt.JwtAuthenticator;
import io.multicluster.authn.review.ReviewClient;
import io.multicluster.authn.review.TokenReviewer;
import io.multicluster.authn.token.BearerAuthenticator;
import io.multicluster.authn.token.StaticTokens;
import io.multicluster.authn.token.TokenAuthenticator;
import io.multicluster.authn.x509.CaFiles;
import io.multicluster.authn.x509.RequestHeaderAuthenticator;
import io.multicluster.authn.x509.RevocationCheck;
import io.multicluster.authn.x509.X509Authenticator;
import io.multicluster.server.config.GatewayConfiguration.Anonymous;
import io.multicluster.server.config.GatewayConfiguration.Authentication;
import io.multicluster.server.config.GatewayConfiguration.RequestHeader;
import io.multicluster.server.config.GatewayConfiguration.TokenReview;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Those who know users, in kube-apiserver's order: front proxies, certificates, tokens, and at last
 * nobody.
 */
final class Authenticators {
  private static final Duration RELOAD = Duration.ofSeconds(10);

  private final Authenticator chain;
  private final X509Authenticator certificates;
  private final List<CaFiles> authorities = new ArrayList<>();

  /**
   * @param clientAuthorities whose certificates are users
   * @param reviews asks the control plane about tokens
   * @param refresher reads files again that may change
   * @throws IllegalArgumentException if the content of a file can't be used; the message names it
   */
  Authenticators(
      Authentication configuration,
      List<Path> clientAuthorities,
      RevocationCheck revocations,
      ReviewClient reviews,
      Refresher refresher) {
    List<Authenticator> all = new ArrayList<>();
    RequestHeader proxies = configuration.requestHeader();
    if (proxies != null) {
      all.add(frontProxies(proxies, authorities(proxies.clientCaFiles(), refresher)));
    }
    certificates =
        new X509Authenticator(
            authorities(clientAuthorities, refresher), revocations, Clock.systemUTC());
    all.add(certificates);
    AuthenticationConfiguration issuers =
        configuration.configurationFile() == null
            ? null
            : AuthenticationConfigurationFile.read(configuration.configurationFile());
    List<TokenAuthenticator> tokens = tokens(configuration, issuers, reviews, refresher);
    if (!tokens.isEmpty()) {
      all.add(new BearerAuthenticator(tokens, Clock.systemUTC(), Ticker.systemTicker()));
    }
    chain =
        new AuthenticatorChain(
            all,
            anonymous(configuration.anonymous(), issuers == null ? null : issuers.anonymous()));
  }

  private static RequestHeaderAuthenticator frontProxies(
      RequestHeader configuration, CaFiles authorities) {
    return new RequestHeaderAuthenticator(
        authorities,
        Set.copyOf(configuration.allowedNames()),
        new RequestHeaderAuthenticator.Headers(
            configuration.usernameHeaders(),
            configuration.uidHeaders(),
            configuration.groupHeaders(),
            configuration.extraHeaderPrefixes()),
        Clock.systemUTC());
  }

  private static List<TokenAuthenticator> tokens(
      Authentication configuration,
      @Nullable AuthenticationConfiguration issuers,
      ReviewClient reviews,
      Refresher refresher) {
    List<TokenAuthenticator> tokens = new ArrayList<>();
    if (configuration.tokenFile() != null) {
      StaticTokens fixed = new StaticTokens(configuration.tokenFile());
      reload(fixed, refresher);
      tokens.add(fixed);
    }
    if (issuers != null) {
      for (int i = 0; i < issuers.jwt().size(); i++) {
        try {
          tokens.add(new JwtAuthenticator(issuers.jwt().get(i), Clock.systemUTC()));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(
              configuration.configurationFile() + ": jwt[" + i + "]: " + e.getMessage(), e);
        }
      }
    }
    TokenReview review = configuration.tokenReview();
    if (review != null) {
      tokens.add(new TokenReviewer(reviews, review.audiences()));
    }
    return tokens;
  }

  private static AnonymousAccess anonymous(
      @Nullable Anonymous own, AuthenticationConfiguration.@Nullable Anonymous issuers) {
    if (own != null) {
      return own.enabled()
          ? new AnonymousAccess(true, Set.copyOf(own.paths()))
          : AnonymousAccess.NONE;
    }
    if (issuers != null) {
      return new AnonymousAccess(
          issuers.enabled(),
          issuers.conditions().stream()
              .map(AuthenticationConfiguration.Anonymous.Condition::path)
              .collect(Collectors.toSet()));
    }
    return AnonymousAccess.HEALTH;
  }

  private CaFiles authorities(List<Path> files, Refresher refresher) {
    CaFiles read = new CaFiles(files);
    reload(read, refresher);
    authorities.add(read);
    return read;
  }

  private static void reload(Reloadable file, Refresher refresher) {
    refresher.every(RELOAD, file::reload);
  }

  Authenticator chain() {
    return chain;
  }

  /** Whether what a client presented was taken back. */
  boolean revoked(List<X509Certificate> chain) {
    return certificates.revoked(chain);
  }

  /** Everybody whose certificates are of use here, as of now. */
  Set<X509Certificate> authorities() {
    Set<X509Certificate> all = new LinkedHashSet<>();
    authorities.forEach(each -> all.addAll(each.certificates()));
    return all;
  }
}
