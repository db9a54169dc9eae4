/**
 * The control plane's RBAC, judged here.
 *
 * <p>{@link io.multicluster.authn.rbac.RbacPolicy} holds its roles and bindings, arranged by
 * subject so that a verdict takes a few lookups and no round trip; {@link
 * io.multicluster.authn.rbac.RbacInformers} keeps it current; {@link
 * io.multicluster.authn.rbac.ControlPlaneAuthorizer} answers from it, and asks the control plane
 * itself where it says nothing.
 */
@NullMarked
package io.multicluster.authn.rbac;

import org.jspecify.annotations.NullMarked;
