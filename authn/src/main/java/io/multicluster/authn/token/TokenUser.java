package io.multicluster.authn.token;

import io.multicluster.wire.user.UserInfo;
import java.time.Instant;

/**
 * Whose token it is.
 *
 * @param until when the token expires; {@link Instant#MAX} if that is not known
 */
public record TokenUser(UserInfo user, Instant until) {}
