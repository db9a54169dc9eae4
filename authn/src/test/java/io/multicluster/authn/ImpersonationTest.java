package io.multicluster.authn;

import static io.multicluster.authn.Requests.headers;
import static io.multicluster.authn.Requests.user;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.authn.Impersonation.Impersonated;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ImpersonationTest {
  private static final UserInfo JANE = user("jane", UserInfo.AUTHENTICATED);

  /** Questions as {@code verb resource.group/subresource namespace/name}. */
  private final Set<String> asked = new LinkedHashSet<>();

  @Test
  void withoutHeadersNobodyIsImpersonated() {
    assertThat(Impersonation.requested(headers("accept", "*/*"))).isFalse();
    assertThat(allowing().impersonate(getPod(JANE), headers("accept", "*/*"))).isNull();
  }

  @Test
  void partsOfAnIdentityNeedAUser() {
    for (String header :
        List.of("impersonate-group", "impersonate-uid", "impersonate-extra-scopes")) {
      assertThat(Impersonation.requested(headers(header, "x"))).isTrue();
      refused(400, JANE, headers(header, "x"));
    }
  }

  @Test
  void plainPermissionsAreAskedForEachPart() {
    Impersonated result =
        allowed(
            headers(
                "impersonate-user", "bob",
                "impersonate-uid", "7",
                "impersonate-group", "dev",
                "impersonate-group", "ops",
                "impersonate-extra-acme.com%2fscopes", "a",
                "impersonate-extra-acme.com%2fscopes", "b"),
            "impersonate users /bob",
            "impersonate groups /dev",
            "impersonate groups /ops",
            "impersonate uids.authentication.k8s.io /7",
            "impersonate userextras.authentication.k8s.io/acme.com/scopes /a",
            "impersonate userextras.authentication.k8s.io/acme.com/scopes /b");

    assertThat(result)
        .isEqualTo(
            new Impersonated(
                new UserInfo(
                    "bob",
                    "7",
                    List.of("dev", "ops", UserInfo.AUTHENTICATED),
                    Map.of("acme.com/scopes", List.of("a", "b"))),
                ""));
  }

  @Test
  void onePartThatIsNotAllowedRefusesAll() {
    refused(
        403,
        JANE,
        headers("impersonate-user", "bob", "impersonate-group", "system:masters"),
        "impersonate users /bob",
        "impersonate groups /dev");
  }

  @Test
  void serviceAccountsHaveTheirGroupsUnlessOthersAreGiven() {
    String account = "system:serviceaccount:shop:web";

    assertThat(
            allowed(headers("impersonate-user", account), "impersonate serviceaccounts shop/web")
                .user()
                .groups())
        .containsExactly(
            "system:serviceaccounts", "system:serviceaccounts:shop", UserInfo.AUTHENTICATED);
    assertThat(
            allowed(
                    headers("impersonate-user", account, "impersonate-group", "dev"),
                    "impersonate serviceaccounts shop/web",
                    "impersonate groups /dev")
                .user()
                .groups())
        .containsExactly("dev", UserInfo.AUTHENTICATED);
  }

  @Test
  void namesThatOnlyLookLikeServiceAccountsAreUsers() {
    for (String name :
        List.of(
            "system:serviceaccount:shop", "system:serviceaccount:a:b:c",
            "system:serviceaccount:Shop:web", "system:serviceaccount::web")) {
      allowed(headers("impersonate-user", name), "impersonate users /" + name);
    }
  }

  @Test
  void anonymousIsUnauthenticated() {
    assertThat(
            allowed(
                    headers("impersonate-user", "system:anonymous"),
                    "impersonate users /system:anonymous")
                .user())
        .isEqualTo(UserInfo.ANONYMOUS);
    assertThat(
            allowed(
                    headers("impersonate-user", "x", "impersonate-group", UserInfo.UNAUTHENTICATED),
                    "impersonate users /x",
                    "impersonate groups /" + UserInfo.UNAUTHENTICATED)
                .user()
                .groups())
        .containsExactly(UserInfo.UNAUTHENTICATED);
  }

  @Test
  void aConstrainedPermissionHoldsForWhatTheRequestIsAboutOnly() {
    Set<String> permissions =
        Set.of(
            "impersonate:user-info users.authentication.k8s.io /bob",
            "impersonate-on:user-info:get pods shop/web-0");

    Impersonated result =
        Objects.requireNonNull(
            impersonation(permissions)
                .impersonate(getPod(JANE), headers("impersonate-user", "bob")));
    assertThat(result.constraint()).isEqualTo("impersonate:user-info");
    assertThat(result.user()).isEqualTo(user("bob", UserInfo.AUTHENTICATED));

    assertThatThrownBy(() ->
            impersonation(permissions)
                .impersonate(getPod(JANE).withVerb("delete"), headers("impersonate-user", "bob")))
        .hasMessage(
            "pods \"web-0\" is forbidden: User \"jane\" cannot impersonate-on:user-info:delete"
                + " resource \"pods\" in API group \"\" in the namespace \"shop\"");
  }

  @Test
  void constrainedPermissionsNeverReachTheMasters() {
    Set<String> permissions =
        Set.of(
            "impersonate:user-info users.authentication.k8s.io /bob",
            "impersonate:user-info groups.authentication.k8s.io /system:masters",
            "impersonate-on:user-info:get pods shop/web-0");

    assertThatThrownBy(() ->
            impersonation(permissions)
                .impersonate(
                    getPod(JANE),
                    headers("impersonate-user", "bob", "impersonate-group", "system:masters")))
        .hasMessageEndingWith("impersonating the system:masters group is not allowed");
  }

  @Test
  void aServiceAccountMayBecomeTheNodeOfItsPod() {
    UserInfo agent =
        new UserInfo(
            "system:serviceaccount:agents:agent",
            "1",
            List.of(),
            Map.of("authentication.kubernetes.io/node-name", List.of("n1")));
    Set<String> permissions =
        Set.of(
            "impersonate:associated-node nodes.authentication.k8s.io /*",
            "impersonate-on:associated-node:get pods shop/web-0");

    Impersonated result =
        Objects.requireNonNull(
            impersonation(permissions)
                .impersonate(getPod(agent), headers("impersonate-user", "system:node:n1")));
    assertThat(result.user())
        .isEqualTo(user("system:node:n1", "system:nodes", UserInfo.AUTHENTICATED));

    assertThatThrownBy(() ->
            impersonation(permissions)
                .impersonate(getPod(agent), headers("impersonate-user", "system:node:n2")))
        .isInstanceOf(ApiException.class);
  }

  @Test
  void whatCantBeJudgedIsNotCalledForbidden() {
    Authorizer unavailable = authorizer(_ -> null);

    assertThatThrownBy(() ->
            new Impersonation(unavailable)
                .impersonate(getPod(JANE), headers("impersonate-user", "bob")))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(503));
  }

  @Test
  void noBackendSeesTheHeaders() {
    Http2Headers headers =
        headers(
            "impersonate-user", "a",
            "impersonate-group", "b",
            "impersonate-extra-x", "c",
            "impersonate-later-invention", "d",
            "accept", "*/*");

    Impersonation.strip(headers);

    assertThat(headers.names()).hasToString("[accept]");
  }

  private Impersonated allowed(Http2Headers headers, String... permissions) {
    Impersonated result =
        Objects.requireNonNull(
            impersonation(Set.of(permissions)).impersonate(getPod(JANE), headers));
    assertThat(asked).as("each permission was asked for").contains(permissions);
    return result;
  }

  private void refused(int code, UserInfo user, Http2Headers headers, String... permissions) {
    assertThatThrownBy(() -> impersonation(Set.of(permissions)).impersonate(getPod(user), headers))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(code));
  }

  private static Attributes getPod(UserInfo user) {
    return Attributes.ofResource(user, "get", GroupResource.PODS, "v1", "", "shop", "web-0");
  }

  private Impersonation allowing() {
    return new Impersonation(authorizer(_ -> true));
  }

  private Impersonation impersonation(Set<String> permissions) {
    return new Impersonation(authorizer(permissions::contains));
  }

  private interface Rules {
    @Nullable Boolean allow(String question);
  }

  private Authorizer authorizer(Rules rules) {
    return new Authorizer() {
      @Override
      public Decision authorize(Attributes attributes) {
        String question =
            attributes.verb()
                + " "
                + attributes.groupResource()
                + (attributes.subresource().isEmpty() ? "" : "/" + attributes.subresource())
                + " "
                + attributes.namespace()
                + "/"
                + attributes.name();
        asked.add(question);
        Boolean allow = rules.allow(question);
        if (allow == null) {
          throw ApiException.unavailable("later", 1);
        }
        return allow ? Decision.allow("") : Decision.NO_OPINION;
      }

      @Override
      public @Nullable Decision decideNow(Attributes attributes) {
        return null;
      }
    };
  }
}
