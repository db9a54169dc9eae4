/**
 * The gateway's own certificates.
 *
 * <p>{@link io.multicluster.certs.CertificateAuthority} signs; {@link
 * io.multicluster.certs.ClientCertificates} is what an administrator does with it: issue, renew,
 * list and revoke certificates of users, each entered into an {@link
 * io.multicluster.certs.Inventory} before it leaves the house. {@link
 * io.multicluster.certs.Revocations} is the part of the inventory that every request is checked
 * against. {@link io.multicluster.certs.ServingCertificates} is the gateway's own side of TLS, and
 * {@link io.multicluster.certs.Kubeconfig} what a user gets to work with.
 */
@NullMarked
package io.multicluster.certs;

import org.jspecify.annotations.NullMarked;
