package io.multicluster.authn.jwt;

import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Kubernetes' {@code AuthenticationConfiguration}, group {@code apiserver.config.k8s.io}: which
 * issuers of tokens are trusted, and what their claims mean (KEP-3331). Constructors refuse what
 * kube-apiserver refuses; messages begin with the field's path.
 *
 * @param anonymous absent: this file says nothing about it
 */
public record AuthenticationConfiguration(
    String apiVersion, String kind, List<Jwt> jwt, @Nullable Anonymous anonymous) {
  private static final Set<String> VERSIONS =
      Set.of("apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1beta1");

  public AuthenticationConfiguration {
    require(
        apiVersion != null && VERSIONS.contains(apiVersion),
        "apiVersion: must be apiserver.config.k8s.io/v1");
    require(
        "AuthenticationConfiguration".equals(kind), "kind: must be AuthenticationConfiguration");
    jwt = orEmpty(jwt);
    Set<String> issuers = new HashSet<>();
    for (Jwt each : jwt) {
      require(
          issuers.add(each.issuer().url()),
          "jwt: has the issuer " + each.issuer().url() + " twice");
    }
  }

  /**
   * The tokens of one issuer.
   *
   * @param claimValidationRules all must hold
   * @param userValidationRules all must hold for the user that the claims make
   */
  public record Jwt(
      Issuer issuer,
      List<ClaimRule> claimValidationRules,
      Mappings claimMappings,
      List<UserRule> userValidationRules) {
    private static final Pattern EMAIL = Pattern.compile("claims\\.email\\b(?!_)");
    private static final String VERIFIED = "claims.email_verified";

    public Jwt {
      require(issuer != null, "issuer: is missing");
      require(claimMappings != null, "claimMappings: is missing");
      claimValidationRules = orEmpty(claimValidationRules);
      userValidationRules = orEmpty(userValidationRules);
      String name = claimMappings.username().expression();
      require(
          name == null
              || !EMAIL.matcher(name).find()
              || name.contains(VERIFIED)
              || claimMappings.extra().stream()
                  .anyMatch(each -> each.valueExpression().contains(VERIFIED))
              || claimValidationRules.stream()
                  .anyMatch(
                      each -> each.expression() != null && each.expression().contains(VERIFIED)),
          "claimMappings.username.expression: uses claims.email, so "
              + VERIFIED
              + " must be used there, in an extra value or in a claim validation rule");
    }
  }

  /**
   * Who signs the tokens.
   *
   * @param url equal to the claim {@code iss}
   * @param discoveryUrl where its keys are found; absent: below {@code url}
   * @param certificateAuthority PEM; absent: the system's authorities
   * @param audiences for one of which a token must be meant
   */
  public record Issuer(
      String url,
      @com.fasterxml.jackson.annotation.JsonProperty("discoveryURL") @Nullable String discoveryUrl,
      @Nullable String certificateAuthority,
      List<String> audiences,
      @Nullable String audienceMatchPolicy) {
    public Issuer {
      require(url != null && !url.isEmpty(), "url: is missing");
      requireHttps("url", url);
      if (discoveryUrl != null) {
        requireHttps("discoveryURL", discoveryUrl);
        require(
            !stripped(discoveryUrl).equals(stripped(url)), "discoveryURL: must differ from url");
      }
      audiences = orEmpty(audiences);
      require(!audiences.isEmpty(), "audiences: at least one is needed");
      require(
          audienceMatchPolicy == null
              || audienceMatchPolicy.isEmpty()
              || audienceMatchPolicy.equals("MatchAny"),
          "audienceMatchPolicy: must be MatchAny");
      require(
          audiences.size() == 1 || "MatchAny".equals(audienceMatchPolicy),
          "audienceMatchPolicy: must be MatchAny where there are several audiences");
    }

    private static String stripped(String url) {
      return url.replaceFirst("/+$", "");
    }

    private static void requireHttps(String key, String text) {
      URI url;
      try {
        url = URI.create(text);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(key + ": \"" + text + "\" is no URL", e);
      }
      require(
          "https".equals(url.getScheme())
              && url.getHost() != null
              && url.getUserInfo() == null
              && url.getQuery() == null
              && url.getFragment() == null,
          key + ": must be an https URL without user, query and fragment");
    }
  }

  /**
   * What must hold for a token's claims: either that one is a certain text, or an expression.
   *
   * @param message in place of the standard one where {@code expression} is false
   */
  public record ClaimRule(
      @Nullable String claim,
      @Nullable String requiredValue,
      @Nullable String expression,
      @Nullable String message) {
    public ClaimRule {
      require(
          (claim == null) != (expression == null),
          "claim: exactly one of claim and expression is needed");
      require(claim == null || message == null, "message: belongs to an expression");
      require(expression == null || requiredValue == null, "requiredValue: belongs to a claim");
    }
  }

  /** What must hold for a user. */
  public record UserRule(String expression, @Nullable String message) {
    public UserRule {
      require(expression != null, "expression: is missing");
    }
  }

  /**
   * What the claims mean.
   *
   * @param uid absent: users have none
   */
  public record Mappings(
      Prefixed username, @Nullable Prefixed groups, @Nullable Uid uid, List<Extra> extra) {
    public Mappings {
      require(
          username != null && (username.claim() != null || username.expression() != null),
          "username: claim or expression is needed");
      extra = orEmpty(extra);
      Set<String> keys = new HashSet<>();
      for (Extra each : extra) {
        require(keys.add(each.key()), "extra: has the key " + each.key() + " twice");
      }
    }
  }

  /**
   * A claim with something in front of its value, or an expression.
   *
   * @param prefix needed with a claim; may be empty
   */
  public record Prefixed(
      @Nullable String claim, @Nullable String prefix, @Nullable String expression) {
    public Prefixed {
      require(claim == null || expression == null, "claim: is not possible beside an expression");
      require(claim == null || prefix != null, "prefix: is needed with a claim; it may be empty");
      require(claim != null || prefix == null, "prefix: belongs to a claim");
    }
  }

  /** A claim or an expression. */
  public record Uid(@Nullable String claim, @Nullable String expression) {
    public Uid {
      require(
          (claim == null) != (expression == null),
          "claim: exactly one of claim and expression is needed");
    }
  }

  /** An extra attribute. */
  public record Extra(String key, String valueExpression) {
    private static final Pattern KEY = Pattern.compile("[-a-z0-9.]+/[^A-Z]+");

    public Extra {
      require(
          key != null && KEY.matcher(key).matches(),
          "key: must be a domain and a path, in lower case");
      String domain = key.substring(0, key.indexOf('/'));
      require(
          !domain.equals("kubernetes.io")
              && !domain.endsWith(".kubernetes.io")
              && !domain.equals("k8s.io")
              && !domain.endsWith(".k8s.io"),
          "key: k8s.io, kubernetes.io and their subdomains are Kubernetes' own");
      require(valueExpression != null, "valueExpression: is missing");
    }
  }

  /**
   * Where requests without credentials are answered.
   *
   * @param conditions none: everywhere
   */
  public record Anonymous(boolean enabled, List<Condition> conditions) {
    public Anonymous {
      conditions = orEmpty(conditions);
      require(enabled || conditions.isEmpty(), "conditions: only where anonymous is enabled");
    }

    /** An exact path. */
    public record Condition(String path) {
      public Condition {
        require(path != null && path.startsWith("/"), "path: must begin with /");
      }
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : List.copyOf(list);
  }
}
