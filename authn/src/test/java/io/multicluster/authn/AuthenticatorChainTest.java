package io.multicluster.authn;

import static io.multicluster.authn.Requests.headers;
import static io.multicluster.authn.Requests.request;
import static io.multicluster.authn.Requests.user;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AuthenticatorChainTest {
  private static final Authenticator NOBODY = answering(null);
  private static final Authenticator REFUSES = throwing(ApiException.unauthorized());
  private static final AnonymousAccess EVERYWHERE = new AnonymousAccess(true, Set.of());

  @Test
  void theFirstThatKnowsTheUserDecides() {
    AuthenticatorChain chain =
        chain(AnonymousAccess.NONE, NOBODY, answering(user("alice")), answering(user("bob")));

    assertThat(chain.authenticate(request(headers())).name()).isEqualTo("alice");
    assertThat(chain.authenticateNow(request(headers())))
        .isEqualTo(new Authentication.Accepted(user("alice", UserInfo.AUTHENTICATED)));
  }

  @Test
  void usersAreAuthenticatedUnlessTheySayWhetherTheyAre() {
    assertThat(groupsOf(user("alice", "dev"))).containsExactly("dev", UserInfo.AUTHENTICATED);
    assertThat(groupsOf(user("alice", UserInfo.AUTHENTICATED, "dev")))
        .containsExactly(UserInfo.AUTHENTICATED, "dev");
    assertThat(groupsOf(user("alice", UserInfo.UNAUTHENTICATED)))
        .containsExactly(UserInfo.UNAUTHENTICATED);
    assertThat(groupsOf(user("system:anonymous"))).isEmpty();
  }

  @Test
  void refusedCredentialsDontKeepOthersFromBeingAsked() {
    assertThat(
            chain(AnonymousAccess.NONE, REFUSES, answering(user("alice")))
                .authenticate(request(headers()))
                .name())
        .isEqualTo("alice");
  }

  @Test
  void refusedCredentialsAreNeverAnonymous() {
    refused(401, chain(EVERYWHERE, REFUSES, NOBODY), "/");
    refused(401, chain(EVERYWHERE, NOBODY, REFUSES), "/");
  }

  @Test
  void credentialsThatCouldNotBeJudgedAreNotCalledWrong() {
    Authenticator unavailable = throwing(ApiException.unavailable("later", 1));

    refused(503, chain(EVERYWHERE, REFUSES, unavailable), "/");
    refused(503, chain(EVERYWHERE, unavailable, REFUSES), "/");
  }

  @Test
  void withoutCredentialsOneIsAnonymousWhereThatIsAllowed() {
    AuthenticatorChain health = chain(AnonymousAccess.HEALTH, NOBODY);

    assertThat(health.authenticate(request("/readyz", headers()))).isEqualTo(UserInfo.ANONYMOUS);
    refused(401, health, "/readyz/etcd");
    refused(401, health, "/api");
    refused(401, chain(AnonymousAccess.NONE, NOBODY), "/readyz");
    assertThat(chain(EVERYWHERE, NOBODY).authenticate(request("/api", headers())))
        .isEqualTo(UserInfo.ANONYMOUS);
  }

  @Test
  void whoMustBeAskedIsNotPassedOver() {
    Authenticator slow =
        new Authenticator() {
          @Override
          public @Nullable UserInfo authenticate(AuthenticationRequest request) {
            return null;
          }
        };

    assertThat(
            chain(EVERYWHERE, REFUSES, slow, answering(user("alice")))
                .authenticateNow(request(headers())))
        .isEqualTo(Authentication.Unknown.MUST_ASK);
  }

  @Test
  void noBackendSeesCredentials() {
    Http2Headers headers =
        headers(
            "authorization", "Bearer x",
            "x-remote-user", "root",
            "x-remote-group", "system:masters",
            "x-remote-uid", "0",
            "x-remote-extra-a", "b",
            "x-remote-extra-c%2fd", "e",
            "x-remote-addr", "10.0.0.1",
            "accept", "*/*");

    chain(AnonymousAccess.NONE).strip(headers);

    assertThat(headers.names()).hasToString("[x-remote-addr, accept]");
  }

  private static List<String> groupsOf(UserInfo user) {
    return chain(AnonymousAccess.NONE, answering(user)).authenticate(request(headers())).groups();
  }

  private static void refused(int code, AuthenticatorChain chain, String path) {
    for (Runnable way :
        List.<Runnable>of(
            () -> chain.authenticate(request(path, headers())),
            () -> chain.authenticateNow(request(path, headers())))) {
      assertThatThrownBy(way::run)
          .isInstanceOfSatisfying(
              ApiException.class, e -> assertThat(e.status().code()).isEqualTo(code));
    }
  }

  private static AuthenticatorChain chain(AnonymousAccess anonymous, Authenticator... all) {
    return new AuthenticatorChain(List.of(all), anonymous);
  }

  private static Authenticator answering(@Nullable UserInfo user) {
    return new Authenticator() {
      @Override
      public @Nullable UserInfo authenticate(AuthenticationRequest request) {
        return user;
      }

      @Override
      public Authentication authenticateNow(AuthenticationRequest request) {
        return Authentication.of(user);
      }
    };
  }

  private static Authenticator throwing(ApiException refusal) {
    return new Authenticator() {
      @Override
      public UserInfo authenticate(AuthenticationRequest request) {
        throw refusal;
      }

      @Override
      public Authentication authenticateNow(AuthenticationRequest request) {
        throw refusal;
      }
    };
  }
}
