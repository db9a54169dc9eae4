/**
 * Talks to other API servers. There are two ways in:
 *
 * <ul>
 *   <li>{@link io.multicluster.proxy.UpstreamClient}, opened by {@link
 *       io.multicluster.proxy.Upstreams}: requests of our own. Cluster feeds use it, and the
 *       reverse proxy does.
 *   <li>{@link io.multicluster.proxy.ReverseProxy}: a client's exchange is passed on as a whole.
 * </ul>
 *
 * <p>The way of a request: the client hands a {@code Call} to the {@code ConnectionPool} of its
 * event loop, which gives it to a {@code Link} (an HTTP/2 or HTTP/1.1 connection) or has a {@code
 * Dialer} make one. The link's {@code LinkStream} carries the {@code OutgoingBody} out and the
 * answer back to the call, and from there to the {@link io.multicluster.proxy.ResponseReceiver}. If
 * the attempt comes to nothing, the call decides whether there is another.
 *
 * <p>Threads: everything of one request happens on one event loop, if possible that of the client's
 * own connection. Only {@code CircuitBreaker} and the configuration are shared between loops.
 *
 * <p>Back-pressure: every body byte is credit that its sender has spent. It is returned when the
 * byte has left on the other side, so that memory is bounded by the windows, see {@link
 * io.multicluster.proxy.UpstreamLimits}.
 */
@NullMarked
package io.multicluster.proxy;

import org.jspecify.annotations.NullMarked;
