/**
 * Bearer tokens. {@link io.multicluster.authn.token.BearerAuthenticator} finds them in requests and
 * remembers what the {@link io.multicluster.authn.token.TokenAuthenticator}s said of them.
 */
@NullMarked
package io.multicluster.authn.token;

import org.jspecify.annotations.NullMarked;
