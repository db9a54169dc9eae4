/**
 * In which form an answer goes out and a body comes in. {@link
 * io.multicluster.wire.negotiate.Negotiator} turns a request's headers into {@link
 * io.multicluster.wire.negotiate.Negotiated}; {@link io.multicluster.wire.negotiate.PatchType}
 * names the kinds of patches.
 */
@NullMarked
package io.multicluster.wire.negotiate;

import org.jspecify.annotations.NullMarked;
