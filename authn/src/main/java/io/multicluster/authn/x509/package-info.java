/**
 * Users known by their certificates.
 *
 * <p>{@link io.multicluster.authn.x509.CaFiles} holds the authorities, {@link
 * io.multicluster.authn.x509.ChainVerifier} judges a client's chain against them as Go's {@code
 * crypto/x509} does, {@link io.multicluster.authn.x509.X509Authenticator} remembers the verdict and
 * reads the user from the subject. {@link io.multicluster.authn.x509.RequestHeaderAuthenticator}
 * trusts what a front proxy, known by its certificate, says of the user.
 */
@NullMarked
package io.multicluster.authn.x509;

import org.jspecify.annotations.NullMarked;
