package io.multicluster.authn;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Asks several authenticators in order; the first that knows the user decides.
 *
 * <p>As in kube-apiserver, credentials that one refuses do not keep the others from being asked: a
 * connection with a foreign certificate may carry a good token. But if nobody accepts and somebody
 * refused, the request is refused, and never anonymous.
 */
public final class AuthenticatorChain implements Authenticator {
  private static final List<AsciiString> CREDENTIALS =
      Stream.of("authorization", "x-remote-user", "x-remote-uid", "x-remote-group")
          .map(AsciiString::cached)
          .toList();
  private static final String FRONT_PROXY_EXTRA = "x-remote-extra-";

  private final List<Authenticator> authenticators;
  private final AnonymousAccess anonymous;

  public AuthenticatorChain(List<Authenticator> authenticators, AnonymousAccess anonymous) {
    this.authenticators = List.copyOf(authenticators);
    this.anonymous = anonymous;
  }

  /**
   * @return never null
   * @throws ApiException 401 if nobody knows the user and anonymous access is not allowed here
   */
  @Override
  public UserInfo authenticate(AuthenticationRequest request) {
    ApiException refusal = null;
    for (Authenticator authenticator : authenticators) {
      try {
        UserInfo user = authenticator.authenticate(request);
        if (user != null) {
          return UserGroups.authenticated(user);
        }
      } catch (ApiException e) {
        refusal = worse(refusal, e);
      }
    }
    return unknown(request, refusal);
  }

  @Override
  public Authentication authenticateNow(AuthenticationRequest request) {
    ApiException refusal = null;
    for (Authenticator authenticator : authenticators) {
      try {
        switch (authenticator.authenticateNow(request)) {
          case Authentication.Accepted(UserInfo user) -> {
            return new Authentication.Accepted(UserGroups.authenticated(user));
          }
          case Authentication.Unknown.MUST_ASK -> {
            return Authentication.Unknown.MUST_ASK;
          }
          case Authentication.Unknown.NO_OPINION -> {
            // the next one may know
          }
        }
      } catch (ApiException e) {
        refusal = worse(refusal, e);
      }
    }
    return new Authentication.Accepted(unknown(request, refusal));
  }

  /** Takes off all that speaks of users, also what no authenticator here reads. */
  @Override
  public void strip(Http2Headers headers) {
    CREDENTIALS.forEach(headers::remove);
    UserHeaders.removeAll(headers, FRONT_PROXY_EXTRA);
    authenticators.forEach(authenticator -> authenticator.strip(headers));
  }

  private UserInfo unknown(AuthenticationRequest request, @Nullable ApiException refusal) {
    if (refusal != null) {
      throw refusal;
    }
    if (anonymous.allows(request.path())) {
      return UserInfo.ANONYMOUS;
    }
    throw ApiException.unauthorized();
  }

  /** That credentials could not be judged (503) says more than that others were refused (401). */
  private static ApiException worse(@Nullable ApiException before, ApiException now) {
    return before != null && before.status().code() >= now.status().code() ? before : now;
  }
}
