package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.naming.InvalidNameException;
import javax.naming.directory.Attribute;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.jspecify.annotations.Nullable;

/** Who asks: a client certificate of a trusted authority, or a bearer token. Thread-safe. */
final class Authentication {
  private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

  private record Token(UserInfo user, Instant expires) {}

  private final List<X509Certificate> authorities = new CopyOnWriteArrayList<>();
  private final Map<String, Token> tokens = new ConcurrentHashMap<>();
  private final SecureRandom random = new SecureRandom();

  /** Client certificates that this authority signed are believed from now on. */
  void trust(X509Certificate authority) {
    authorities.add(authority);
  }

  void addToken(String token, UserInfo user) {
    tokens.put(token, new Token(user, Instant.MAX));
  }

  /** A new token of a service account. */
  String issueToken(String namespace, String serviceAccount, String uid, Instant expires) {
    byte[] secret = new byte[32];
    random.nextBytes(secret);
    String token = "sa-" + HexFormat.of().formatHex(secret);
    tokens.put(token, new Token(serviceAccount(namespace, serviceAccount, uid), expires));
    return token;
  }

  static UserInfo serviceAccount(String namespace, String name, String uid) {
    return new UserInfo(
        "system:serviceaccount:" + namespace + ":" + name,
        uid,
        List.of(
            "system:serviceaccounts",
            "system:serviceaccounts:" + namespace,
            UserInfo.AUTHENTICATED),
        Map.of());
  }

  /** Throws 401 for credentials that are none; without any the user is anonymous. */
  UserInfo authenticate(ServerRequest request) {
    X509Certificate certificate = request.clientCertificate();
    if (certificate != null) {
      UserInfo user = byCertificate(certificate);
      if (user != null) {
        return user;
      }
    }
    String authorization = request.header("authorization");
    if (authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
      UserInfo user = byToken(authorization.substring(7).strip());
      if (user != null) {
        return user;
      }
      throw ApiException.unauthorized();
    }
    if (certificate != null) {
      throw ApiException.unauthorized();
    }
    return UserInfo.ANONYMOUS;
  }

  @Nullable UserInfo byToken(String token) {
    Token known = tokens.get(token);
    return known == null || known.expires().isBefore(Instant.now()) ? null : known.user();
  }

  private @Nullable UserInfo byCertificate(X509Certificate certificate) {
    if (authorities.stream().noneMatch(authority -> signed(authority, certificate))) {
      return null;
    }
    try {
      certificate.checkValidity();
      if (certificate.getExtendedKeyUsage() == null
          || !certificate.getExtendedKeyUsage().contains(CLIENT_AUTH)) {
        return null;
      }
      String name = "";
      List<String> groups = new ArrayList<>();
      for (Rdn rdn : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        for (var each = rdn.toAttributes().getAll(); each.hasMore(); ) {
          Attribute attribute = each.next();
          for (int i = 0; i < attribute.size(); i++) {
            if (attribute.getID().equalsIgnoreCase("CN")) {
              name = String.valueOf(attribute.get(i));
            } else if (attribute.getID().equalsIgnoreCase("O")) {
              groups.add(String.valueOf(attribute.get(i)));
            }
          }
        }
      }
      groups.add(UserInfo.AUTHENTICATED);
      return name.isEmpty() ? null : new UserInfo(name, "", groups, Map.of());
    } catch (GeneralSecurityException | InvalidNameException e) {
      return null;
    } catch (javax.naming.NamingException e) {
      return null;
    }
  }

  private static boolean signed(X509Certificate authority, X509Certificate certificate) {
    if (!authority.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
      return false;
    }
    try {
      certificate.verify(authority.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /**
   * The user whom the request is to be answered for: the one named by its Impersonate headers, if
   * the real user may be that one.
   */
  static UserInfo impersonated(ServerRequest request, UserInfo real, Rbac rbac) {
    String name = request.header("impersonate-user");
    List<String> groups = request.headers().getAll("impersonate-group");
    String uid = request.header("impersonate-uid");
    Map<String, List<String>> extra = new TreeMap<>();
    for (Map.Entry<String, String> header : request.headers()) {
      String key = header.getKey().toLowerCase(java.util.Locale.ROOT);
      if (key.startsWith("impersonate-extra-")) {
        extra
            .computeIfAbsent(
                java.net.URLDecoder.decode(
                    key.substring("impersonate-extra-".length()),
                    java.nio.charset.StandardCharsets.UTF_8),
                k -> new ArrayList<>())
            .add(header.getValue());
      }
    }
    if (name.isEmpty()) {
      if (!groups.isEmpty() || !uid.isEmpty() || !extra.isEmpty()) {
        throw ApiException.badRequest(
            "requested "
                + (groups.isEmpty() ? uid.isEmpty() ? extra : uid : groups)
                + " without impersonating a user");
      }
      return real;
    }
    String[] account = name.split(":", -1);
    boolean serviceAccount = account.length == 4 && name.startsWith("system:serviceaccount:");
    if (serviceAccount) {
      require(rbac, real, "", "serviceaccounts", "", account[2], account[3]);
    } else {
      require(rbac, real, "", "users", "", "", name);
    }
    groups.forEach(group -> require(rbac, real, "", "groups", "", "", group));
    if (!uid.isEmpty()) {
      require(rbac, real, "authentication.k8s.io", "uids", "", "", uid);
    }
    extra.forEach((key, values) ->
        values.forEach(
            value -> require(rbac, real, "authentication.k8s.io", "userextras", key, "", value)));
    List<String> all = new ArrayList<>(groups);
    if (serviceAccount && all.isEmpty()) {
      all.addAll(serviceAccount(account[2], account[3], "").groups());
    }
    if (name.equals(UserInfo.ANONYMOUS.name())) {
      addMissing(all, UserInfo.UNAUTHENTICATED);
    } else if (!all.contains(UserInfo.UNAUTHENTICATED)) {
      addMissing(all, UserInfo.AUTHENTICATED);
    }
    return new UserInfo(name, uid, all, extra);
  }

  private static void addMissing(List<String> groups, String group) {
    if (!groups.contains(group)) {
      groups.add(group);
    }
  }

  private static void require(
      Rbac rbac,
      UserInfo real,
      String group,
      String resource,
      String subresource,
      String namespace,
      String name) {
    Target target =
        new Target("impersonate", "", group, "v1", namespace, resource, subresource, name);
    Rbac.Decision decision = rbac.authorize(real, target);
    if (!decision.allowed()) {
      throw Rbac.forbidden(real, target, decision);
    }
  }

  /** The groups and extras of a review's spec, as a user. */
  static UserInfo user(JsonNode spec) {
    Map<String, List<String>> extra = new TreeMap<>();
    JsonNode given = Json.at(spec, "extra");
    if (given != null) {
      given.forEachEntry((key, values) -> extra.put(key, Json.strings(given, key)));
    }
    String name = Json.string(spec, "user");
    return new UserInfo(
        name.isEmpty() ? UserInfo.ANONYMOUS.name() : name,
        Json.string(spec, "uid"),
        Json.strings(spec, "groups"),
        extra);
  }

  /** The resource that a tokens' owner is kept under. */
  static final GroupResource SERVICE_ACCOUNTS = new GroupResource("", "serviceaccounts");
}
