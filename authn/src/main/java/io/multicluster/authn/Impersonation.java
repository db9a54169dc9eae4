package io.multicluster.authn;

import io.multicluster.authn.ImpersonationMode.Wanted;
import io.multicluster.authn.UserNames.ServiceAccount;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.GoText;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Lets a user act as somebody else, if the user may. Safe for use by any thread; blocks where the
 * authorizer does.
 *
 * <p>There are two sets of permissions. Constrained impersonation (KEP-5284) is tried first: a
 * mode's verb on the identity, and {@code impersonate-on:MODE:VERB} on what the request is about.
 * Then the plain verb {@code impersonate} on each part of the identity.
 */
public final class Impersonation {
  private static final AsciiString USER = AsciiString.cached("impersonate-user");
  private static final AsciiString UID = AsciiString.cached("impersonate-uid");
  private static final AsciiString GROUP = AsciiString.cached("impersonate-group");
  private static final String EXTRA_PREFIX = "impersonate-extra-";
  private static final String PREFIX = "impersonate-";

  private static final String AUTHENTICATION = "authentication.k8s.io";
  private static final String VERSION = "v1";

  /** From so many questions of one kind on, a permission for all of them is looked for first. */
  private static final int MANY = 4;

  /** A domain, a slash and characters of a URL's path. */
  private static final Pattern EXTRA_KEY =
      Pattern.compile("([^/]+)/[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+");

  private final Authorizer authorizer;

  public Impersonation(Authorizer authorizer) {
    this.authorizer = authorizer;
  }

  /**
   * Somebody who acts as somebody else.
   *
   * @param constraint the verb of the constrained mode that allowed it, for the audit log; empty
   *     where plain {@code impersonate} did
   */
  public record Impersonated(UserInfo user, String constraint) {}

  /** Whether a request asks to act as somebody else. */
  public static boolean requested(Http2Headers headers) {
    return UserHeaders.anyWithPrefix(headers, PREFIX);
  }

  /** Takes off what asks for it: no backend may ever see these headers. */
  public static void strip(Http2Headers headers) {
    UserHeaders.removeAll(headers, PREFIX);
  }

  /**
   * Checks each part of the identity that the headers ask for.
   *
   * @param request what the request is about, asked by its real user
   * @return null if the headers ask for nobody
   * @throws ApiException 400 if they ask for parts of an identity without a user; 403 if the real
   *     user may not do this; 503 if that can't be judged now
   */
  public @Nullable Impersonated impersonate(Attributes request, Http2Headers headers) {
    Wanted wanted = wanted(headers);
    if (wanted == null) {
      return null;
    }
    ApiException refusal = null;
    for (ImpersonationMode mode : ImpersonationMode.values()) {
      if (mode.applies(request.user(), wanted)) {
        try {
          return new Check(mode, request).impersonate(wanted);
        } catch (ApiException e) {
          // the first is told, as kube-apiserver does; nothing else may hide that we could not ask
          refusal = refusal == null || e.status().code() >= 500 ? e : refusal;
        }
      }
    }
    if (refusal == null) {
      throw new IllegalStateException("plain impersonation applies to everybody");
    }
    throw refusal;
  }

  private static @Nullable Wanted wanted(Http2Headers headers) {
    Wanted wanted =
        new Wanted(
            UserHeaders.first(headers, USER),
            UserHeaders.first(headers, UID),
            UserHeaders.all(headers, GROUP),
            UserHeaders.extra(headers, EXTRA_PREFIX));
    if (!wanted.name().isEmpty()) {
      return wanted;
    }
    if (wanted.nameOnly()) {
      return null;
    }
    throw ApiException.badRequest(
        "requested to impersonate a uid, groups or extra without impersonating a user name");
  }

  /** The questions of one mode. */
  private final class Check {
    private final ImpersonationMode mode;
    private final Attributes request;

    Check(ImpersonationMode mode, Attributes request) {
      this.mode = mode;
      this.request = request;
    }

    Impersonated impersonate(Wanted wanted) {
      if (mode.constrained()) {
        require(request.withVerb(mode.verbOn(request.verb())));
      }
      List<String> groups = new ArrayList<>(wanted.groups());
      groups.addAll(requireName(wanted));
      if (!wanted.uid().isEmpty()) {
        require(identity(AUTHENTICATION, "uids", "", "", wanted.uid()));
      }
      requireGroups(wanted.groups());
      requireExtra(wanted.extra());
      return new Impersonated(
          new UserInfo(
              wanted.name(), wanted.uid(), completed(wanted.name(), groups), wanted.extra()),
          mode.constrained() ? mode.verb() : "");
    }

    /**
     * @return groups that the name implies where none were asked for
     */
    private List<String> requireName(Wanted wanted) {
      String group = mode.identityGroup();
      String node = mode.constrained() ? UserNames.node(wanted.name()) : null;
      if (node != null) {
        require(identity(group, "nodes", "", "", node));
        return List.of("system:nodes");
      }
      ServiceAccount account = UserNames.serviceAccount(wanted.name());
      if (account != null) {
        require(identity(group, "serviceaccounts", "", account.namespace(), account.name()));
        return wanted.groups().isEmpty() ? account.groups() : List.of();
      }
      require(identity(group, "users", "", "", wanted.name()));
      return List.of();
    }

    private void requireGroups(List<String> groups) {
      if (mode.constrained()) {
        if (groups.contains("")) {
          throw group("").forbidden("impersonating the empty string group is not allowed");
        }
        if (groups.contains(UserInfo.SYSTEM_MASTERS)) {
          throw group(UserInfo.SYSTEM_MASTERS)
              .forbidden("impersonating the system:masters group is not allowed");
        }
        if (groups.size() >= MANY && allowed(group("*"))) {
          return;
        }
      }
      groups.forEach(each -> require(group(each)));
    }

    private void requireExtra(Map<String, List<String>> extra) {
      if (mode.constrained()) {
        extra.forEach(this::validate);
        int values = extra.values().stream().mapToInt(List::size).sum();
        if (values >= MANY && allowed(extra("*", "*"))) {
          return;
        }
      }
      extra.forEach((key, values) -> values.forEach(value -> require(extra(key, value))));
    }

    private void validate(String key, List<String> values) {
      var match = EXTRA_KEY.matcher(key);
      if (!match.matches() || !UserNames.subdomain(match.group(1))) {
        throw extra("", "")
            .forbidden(
                "impersonating an invalid key in extra is not allowed: " + GoText.quote(key));
      }
      if (values.contains("")) {
        throw extra("", "")
            .forbidden("impersonating the empty string value in extra is not allowed");
      }
    }

    private Attributes group(String name) {
      return identity(mode.identityGroup(), "groups", "", "", name);
    }

    private Attributes extra(String key, String value) {
      return identity(AUTHENTICATION, "userextras", key, "", value);
    }

    private Attributes identity(
        String group, String resource, String subresource, String namespace, String name) {
      return Attributes.ofResource(
          request.user(),
          mode.verb(),
          new GroupResource(group, resource),
          VERSION,
          subresource,
          namespace,
          name);
    }

    private boolean allowed(Attributes attributes) {
      return authorizer.authorize(mode.question(attributes)).allowed();
    }

    private void require(Attributes attributes) {
      Attributes question = mode.question(attributes);
      Decision decision = authorizer.authorize(question);
      if (!decision.allowed()) {
        throw question.forbidden(decision.reason());
      }
    }
  }

  /** Groups say whether a user is authenticated, even if nobody asked for that group. */
  private static List<String> completed(String user, List<String> groups) {
    String implied =
        user.equals(UserInfo.ANONYMOUS.name())
            ? UserInfo.UNAUTHENTICATED
            : groups.contains(UserInfo.UNAUTHENTICATED) ? "" : UserInfo.AUTHENTICATED;
    if (!implied.isEmpty() && !groups.contains(implied)) {
      groups.add(implied);
    }
    return groups;
  }
}
