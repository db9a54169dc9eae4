package io.multicluster.authn;

import io.multicluster.wire.user.UserInfo;
import org.jspecify.annotations.Nullable;

/** What an authenticator could say without waiting. */
public sealed interface Authentication {

  /** The credentials are good. */
  record Accepted(UserInfo user) implements Authentication {}

  /** The two ways of not knowing a user. */
  enum Unknown implements Authentication {
    /** There is nothing in the request that this authenticator judges. */
    NO_OPINION,
    /**
     * Somebody else has to be asked: {@link Authenticator#authenticate} does, off the event loop.
     */
    MUST_ASK
  }

  /** The answer of an authenticator that never has to ask. */
  static Authentication of(@Nullable UserInfo user) {
    return user == null ? Unknown.NO_OPINION : new Accepted(user);
  }
}
