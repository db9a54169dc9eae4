package io.multicluster.server.pipeline;

import io.multicluster.authn.Authentication;
import io.multicluster.authn.AuthenticationRequest;
import io.multicluster.authn.Authenticator;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import org.jspecify.annotations.Nullable;

/** Finds out who is calling. */
public final class Authenticate {
  private final Authenticator authenticator;

  public Authenticate(Authenticator authenticator) {
    this.authenticator = authenticator;
  }

  /**
   * Never blocks. What proved the caller's identity, if it is known, is not in the request any more
   * afterwards.
   *
   * @return null if somebody has to be asked
   * @throws ApiException 401
   */
  @Nullable UserInfo callerNow(Exchange exchange, RequestInfo info) {
    return switch (authenticator.authenticateNow(request(exchange, info))) {
      case Authentication.Accepted(UserInfo user) -> {
        authenticator.strip(exchange.request().headers());
        yield user;
      }
      case Authentication.Unknown.MUST_ASK -> null;
      case Authentication.Unknown.NO_OPINION -> throw ApiException.unauthorized();
    };
  }

  /**
   * May block. What proved the caller's identity is not in the request any more afterwards.
   *
   * @throws ApiException 401
   */
  UserInfo caller(Exchange exchange, RequestInfo info) {
    UserInfo user = authenticator.authenticate(request(exchange, info));
    authenticator.strip(exchange.request().headers());
    if (user == null) {
      throw ApiException.unauthorized();
    }
    return user;
  }

  private static AuthenticationRequest request(Exchange exchange, RequestInfo info) {
    return new AuthenticationRequest(
        exchange.request().headers(),
        exchange.clientCertificates(),
        exchange.remoteAddress(),
        info.path());
  }
}
