/**
 * Where a request is answered. {@link io.multicluster.server.route.Router} holds the list of what
 * is offered and picks the {@link io.multicluster.server.route.Route}: one of the gateway's {@link
 * io.multicluster.server.route.OwnEndpoint}s, the cluster cache, the member that owns an object, a
 * member as a whole, or the federation's control plane. What is not offered does not exist.
 */
@NullMarked
package io.multicluster.server.route;

import org.jspecify.annotations.NullMarked;
