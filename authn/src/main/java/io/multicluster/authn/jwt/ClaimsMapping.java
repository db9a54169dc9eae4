package io.multicluster.authn.jwt;

import io.multicluster.authn.jwt.AuthenticationConfiguration.ClaimRule;
import io.multicluster.authn.jwt.AuthenticationConfiguration.Extra;
import io.multicluster.authn.jwt.AuthenticationConfiguration.Jwt;
import io.multicluster.authn.jwt.AuthenticationConfiguration.Mappings;
import io.multicluster.authn.jwt.AuthenticationConfiguration.Prefixed;
import io.multicluster.authn.jwt.AuthenticationConfiguration.Uid;
import io.multicluster.authn.jwt.AuthenticationConfiguration.UserRule;
import io.multicluster.wire.user.UserInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes users of the claims of one issuer's tokens. Safe for use by any thread. */
final class ClaimsMapping {
  /** Kubernetes' name of the attribute that tells a token from others of the same user. */
  private static final String CREDENTIAL_ID = "authentication.kubernetes.io/credential-id";

  private final List<ClaimCheck> checks = new ArrayList<>();
  private final List<UserCheck> userChecks = new ArrayList<>();
  private final TextSource name;
  private final ListSource groups;
  private final TextSource uid;
  private final Map<String, Expression> extra = new LinkedHashMap<>();

  @FunctionalInterface
  private interface ClaimCheck {
    void check(Map<String, Object> claims) throws ClaimsException;
  }

  @FunctionalInterface
  private interface UserCheck {
    void check(Map<String, Object> user) throws ClaimsException;
  }

  @FunctionalInterface
  private interface TextSource {
    String of(Map<String, Object> claims) throws ClaimsException;
  }

  @FunctionalInterface
  private interface ListSource {
    List<String> of(Map<String, Object> claims) throws ClaimsException;
  }

  /**
   * @throws IllegalArgumentException if an expression can't be compiled
   */
  ClaimsMapping(Jwt configuration) {
    Mappings mappings = configuration.claimMappings();
    for (ClaimRule rule : configuration.claimValidationRules()) {
      checks.add(check(rule));
    }
    for (UserRule rule : configuration.userValidationRules()) {
      userChecks.add(check(rule));
    }
    this.name = name(mappings.username());
    this.groups = groups(mappings.groups());
    this.uid = uid(mappings.uid());
    for (Extra each : mappings.extra()) {
      extra.put(each.key(), claims(each.valueExpression()));
    }
  }

  /**
   * @throws ClaimsException if a rule does not hold, or the claims have no name
   */
  UserInfo user(Map<String, Object> claims) throws ClaimsException {
    String user = name.of(claims);
    if (user.isEmpty()) {
      throw new ClaimsException("the token gives an empty user name");
    }
    List<String> memberships = groups.of(claims);
    for (ClaimCheck check : checks) {
      check.check(claims);
    }
    Map<String, List<String>> attributes = new LinkedHashMap<>();
    for (Map.Entry<String, Expression> each : extra.entrySet()) {
      List<String> values = each.getValue().strings(claims);
      if (!values.isEmpty()) {
        attributes.put(each.getKey(), values);
      }
    }
    if (claims.get("jti") instanceof String id && !id.isEmpty()) {
      attributes.put(CREDENTIAL_ID, List.of("JTI=" + id));
    }
    UserInfo made = new UserInfo(user, uid.of(claims), memberships, attributes);
    Map<String, Object> variable =
        Map.of(
            "username",
            made.name(),
            "uid",
            made.uid(),
            "groups",
            made.groups(),
            "extra",
            made.extra());
    for (UserCheck check : userChecks) {
      check.check(variable);
    }
    return made;
  }

  private static ClaimCheck check(ClaimRule rule) {
    if (rule.expression() != null) {
      Expression expression = claims(rule.expression());
      return claims -> require(expression.holds(claims), expression, rule.message());
    }
    String claim = rule.claim();
    String required = rule.requiredValue() == null ? "" : rule.requiredValue();
    return claims -> {
      if (!required.equals(claims.get(claim))) {
        throw new ClaimsException("the claim " + claim + " is not as required");
      }
    };
  }

  private static UserCheck check(UserRule rule) {
    Expression expression = new Expression("user", rule.expression());
    return user -> require(expression.holds(user), expression, rule.message());
  }

  private static void require(boolean holds, Expression expression, @Nullable String message)
      throws ClaimsException {
    if (!holds) {
      throw new ClaimsException(
          message == null ? "the rule \"" + expression.text() + "\" does not hold" : message);
    }
  }

  private static TextSource name(Prefixed username) {
    if (username.expression() != null) {
      return claims(username.expression())::string;
    }
    String claim = String.valueOf(username.claim());
    return claims -> {
      // an address that nobody has confirmed could be anybody's
      if (claim.equals("email")
          && claims.containsKey("email_verified")
          && !Boolean.TRUE.equals(claims.get("email_verified"))) {
        throw new ClaimsException("the email address is not verified");
      }
      return username.prefix() + text(claims, claim);
    };
  }

  private static ListSource groups(@Nullable Prefixed groups) {
    if (groups == null || (groups.claim() == null && groups.expression() == null)) {
      return _ -> List.of();
    }
    if (groups.expression() != null) {
      return claims(groups.expression())::strings;
    }
    String claim = String.valueOf(groups.claim());
    return claims -> {
      List<String> prefixed = new ArrayList<>();
      for (String group : texts(claims, claim)) {
        prefixed.add(groups.prefix() + group);
      }
      return prefixed;
    };
  }

  private static TextSource uid(@Nullable Uid uid) {
    if (uid == null) {
      return _ -> "";
    }
    if (uid.expression() != null) {
      return claims(uid.expression())::string;
    }
    String claim = String.valueOf(uid.claim());
    return claims -> text(claims, claim);
  }

  private static Expression claims(String expression) {
    return new Expression("claims", expression);
  }

  private static String text(Map<String, Object> claims, String claim) throws ClaimsException {
    if (claims.get(claim) instanceof String text) {
      return text;
    }
    throw new ClaimsException("the claim " + claim + " is missing or no text");
  }

  private static List<String> texts(Map<String, Object> claims, String claim)
      throws ClaimsException {
    return switch (claims.get(claim)) {
      case null -> List.of();
      case String one -> List.of(one);
      case List<?> many -> {
        List<String> texts = new ArrayList<>();
        for (Object each : many) {
          if (!(each instanceof String one)) {
            throw new ClaimsException("the claim " + claim + " has what is no text");
          }
          texts.add(one);
        }
        yield texts;
      }
      default -> throw new ClaimsException("the claim " + claim + " is no list of texts");
    };
  }
}
