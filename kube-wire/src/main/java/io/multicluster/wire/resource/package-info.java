/** Names of kinds: {@link io.multicluster.wire.resource.GroupVersionResource} and its parts. */
@NullMarked
package io.multicluster.wire.resource;

import org.jspecify.annotations.NullMarked;
