package io.multicluster.authn.x509;

import io.multicluster.authn.Authentication;
import io.multicluster.authn.AuthenticationRequest;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.UserHeaders;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.Http2Headers;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Believes a front proxy, known by its certificate, who the user is. Never waits.
 *
 * <p>From anybody else the headers mean nothing, and they are taken off each request.
 */
public final class RequestHeaderAuthenticator implements Authenticator {
  private final TrustedChains<X509Certificate> proxies;
  private final Headers names;

  /**
   * The headers in which the proxy tells the user. Names in any case; not empty where none is
   * needed.
   *
   * @param user the first that has a value gives the name
   * @param uid the first that has a value gives the UID
   * @param group each value is a group
   * @param extraPrefix what follows in a header's name is the key of an extra attribute
   */
  public record Headers(
      List<String> user, List<String> uid, List<String> group, List<String> extraPrefix) {
    /** The headers that Kubernetes uses itself. */
    public static final Headers STANDARD =
        new Headers(
            List.of("X-Remote-User"),
            List.of("X-Remote-Uid"),
            List.of("X-Remote-Group"),
            List.of("X-Remote-Extra-"));

    public Headers {
      user = lowerCase(user);
      uid = lowerCase(uid);
      group = lowerCase(group);
      extraPrefix = lowerCase(extraPrefix);
      if (user.isEmpty()) {
        throw new IllegalArgumentException("a front proxy needs a header for the user's name");
      }
      if (Stream.of(user, uid, group, extraPrefix)
          .flatMap(List::stream)
          .anyMatch(String::isEmpty)) {
        throw new IllegalArgumentException("the name of a header is empty");
      }
    }

    private static List<String> lowerCase(List<String> headers) {
      return headers.stream().map(header -> header.strip().toLowerCase(Locale.ROOT)).toList();
    }
  }

  /**
   * @param allowedNames common names of proxies; empty: each certificate of the authorities is one,
   *     which is only sensible if they sign nothing else
   */
  public RequestHeaderAuthenticator(
      CaFiles authorities, Set<String> allowedNames, Headers names, Clock clock) {
    Set<String> allowed = Set.copyOf(allowedNames);
    // clients with certificates of their own are refused here first: not worth a line each
    this.proxies =
        new TrustedChains<>(authorities, leaf -> proxy(leaf, allowed), Level.DEBUG, clock);
    this.names = names;
  }

  @Override
  public @Nullable UserInfo authenticate(AuthenticationRequest request) {
    Http2Headers headers = request.headers();
    String name = first(headers, names.user);
    if (name.isEmpty() || request.certificates().isEmpty()) {
      return null;
    }
    proxies.require(request.certificates());
    return new UserInfo(name, first(headers, names.uid), groups(headers), extra(headers));
  }

  @Override
  public Authentication authenticateNow(AuthenticationRequest request) {
    return Authentication.of(authenticate(request));
  }

  @Override
  public void strip(Http2Headers headers) {
    names.user.forEach(headers::remove);
    names.uid.forEach(headers::remove);
    names.group.forEach(headers::remove);
    names.extraPrefix.forEach(prefix -> UserHeaders.removeAll(headers, prefix));
  }

  private static X509Certificate proxy(X509Certificate leaf, Set<String> allowed)
      throws CertificateException {
    String name = Subject.of(leaf.getSubjectX500Principal()).commonName();
    if (!allowed.isEmpty() && !allowed.contains(name)) {
      throw new CertificateException("\"" + name + "\" is not the name of a front proxy");
    }
    return leaf;
  }

  private static String first(Http2Headers headers, List<String> names) {
    for (String name : names) {
      String value = UserHeaders.first(headers, name);
      if (!value.isEmpty()) {
        return value;
      }
    }
    return "";
  }

  private List<String> groups(Http2Headers headers) {
    return names.group.stream()
        .flatMap(name -> UserHeaders.all(headers, name).stream())
        .filter(group -> !group.isEmpty())
        .toList();
  }

  private Map<String, List<String>> extra(Http2Headers headers) {
    return names.extraPrefix.stream()
        .flatMap(prefix -> UserHeaders.extra(headers, prefix).entrySet().stream())
        .collect(
            Collectors.toMap(
                Map.Entry::getKey,
                Map.Entry::getValue,
                (a, b) -> Stream.concat(a.stream(), b.stream()).toList()));
  }
}
