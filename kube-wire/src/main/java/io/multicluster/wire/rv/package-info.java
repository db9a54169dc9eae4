/**
 * Positions in a collection: {@link io.multicluster.wire.rv.ResourceVersion} as clients send it,
 * and {@link io.multicluster.wire.rv.ContinueToken}, where the next page of a list starts.
 */
@NullMarked
package io.multicluster.wire.rv;

import org.jspecify.annotations.NullMarked;
