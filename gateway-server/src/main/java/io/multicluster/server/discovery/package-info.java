/**
 * What the gateway says it has: discovery documents and OpenAPI, taken from the control plane, cut
 * to the resources that the configuration offers, and served from memory.
 *
 * <p>Start at {@link io.multicluster.server.discovery.Discovery}, which keeps an {@link
 * io.multicluster.server.discovery.ApiCatalog} current and answers {@code /api}, {@code /apis} and
 * {@code /openapi} from documents derived of it. While the control plane is away the last state is
 * served.
 */
@NullMarked
package io.multicluster.server.discovery;

import org.jspecify.annotations.NullMarked;
