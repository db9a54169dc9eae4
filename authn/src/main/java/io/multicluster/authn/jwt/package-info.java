/**
 * JSON web tokens of OpenID Connect issuers, as Kubernetes' structured authentication configuration
 * describes them. {@link io.multicluster.authn.jwt.AuthenticationConfigurationFile} reads the file;
 * one {@link io.multicluster.authn.jwt.JwtAuthenticator} judges the tokens of one issuer, with the
 * keys that {@link io.multicluster.authn.jwt.IssuerKeys} has from there, and {@link
 * io.multicluster.authn.jwt.ClaimsMapping} makes a user of their claims.
 */
@NullMarked
package io.multicluster.authn.jwt;

import org.jspecify.annotations.NullMarked;
