/**
 * Who is asking, and may they.
 *
 * <p>{@link io.multicluster.authn.Authenticator} turns what a connection and a request carry into a
 * {@link io.multicluster.wire.user.UserInfo}; {@link io.multicluster.authn.Authorizer} judges
 * {@link io.multicluster.authn.Attributes} and gives a {@link io.multicluster.authn.Decision}. Both
 * have a form that never waits, for event loops, and one that may ask somebody else, for virtual
 * threads.
 */
@NullMarked
package io.multicluster.authn;

import org.jspecify.annotations.NullMarked;
