package io.multicluster.authn;

import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** Finds out who sent a request. Safe for use by any thread. */
public interface Authenticator {

  /**
   * May block while it asks somebody else.
   *
   * @return null if the request carries nothing that this authenticator judges
   * @throws io.multicluster.wire.status.ApiException 401 if it carries credentials that are wrong;
   *     503 if they can't be judged
   */
  @Nullable UserInfo authenticate(AuthenticationRequest request);

  /**
   * Never blocks; for event loops. Throws as {@link #authenticate} does. The default is the safe
   * answer of an authenticator that may have to ask.
   */
  default Authentication authenticateNow(AuthenticationRequest request) {
    return Authentication.Unknown.MUST_ASK;
  }

  /** Removes the credentials that this authenticator reads, so that no backend ever sees them. */
  default void strip(Http2Headers headers) {}
}
