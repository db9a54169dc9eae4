/**
 * Errors as values: {@link io.multicluster.wire.status.Status} is what a client sees, {@link
 * io.multicluster.wire.status.ApiException} carries one from where it was detected to the edge,
 * {@link io.multicluster.wire.status.StatusEncoder} writes it there. {@link
 * io.multicluster.wire.status.StatusDecoder} reads what other API servers answer.
 */
@NullMarked
package io.multicluster.wire.status;

import org.jspecify.annotations.NullMarked;
