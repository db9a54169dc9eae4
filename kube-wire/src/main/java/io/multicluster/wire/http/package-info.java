/**
 * HTTP as the steps of a request see it, whatever version is on the wire. The server's transport
 * makes {@link io.multicluster.wire.http.Exchange}s; the upstream clients use the same {@link
 * io.multicluster.wire.http.RequestHead} and body types towards other servers.
 *
 * <p>Header names are lower case everywhere; {@code Http2Headers} holds them, pseudo headers
 * ({@code :path} …) are never in it.
 */
@NullMarked
package io.multicluster.wire.http;

import org.jspecify.annotations.NullMarked;
