/**
 * Bytes to exchanges and back: TLS, HTTP/2 and HTTP/1.1 on Netty.
 *
 * <p>Start at {@link io.multicluster.server.transport.HttpServer}. It accepts connections; {@code
 * ConnectionInitializer} puts TLS in front, and after ALPN either {@code Http2ServerConnection} or
 * {@code Http1ServerConnection} reads requests. Each becomes a {@code ServerExchange}, which is the
 * request, its body and the sink of its answer in one object, and goes to the {@link
 * io.multicluster.server.transport.RequestHandler}.
 *
 * <p>Back-pressure. Request bodies: what a receiver has not consumed stays within the window
 * (HTTP/2 flow control; on HTTP/1.1 reading stops). Answers: a sink counts the bytes that have not
 * left for the socket and says whether it is writable; producers stop when it is not and go on when
 * told.
 *
 * <p>Each protection against abuse is a class or a decoder option of its own: connection limit,
 * handshake and idle timeouts, header size, streams per connection, floods of RST_STREAM, empty
 * DATA, CONTINUATION, SETTINGS and PING.
 */
@NullMarked
package io.multicluster.server.transport;

import org.jspecify.annotations.NullMarked;
