/**
 * Talks to other API servers. {@link io.multicluster.proxy.UpstreamClient} is a pooled, multiplexed
 * connection to one of them; cluster feeds and the reverse proxy use the same client.
 */
@NullMarked
package io.multicluster.proxy;

import org.jspecify.annotations.NullMarked;
