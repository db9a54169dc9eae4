package io.multicluster.server.transport;

import java.time.Duration;

/**
 * What one server and one connection may use.
 *
 * @param maxConnections open connections; more are closed at once when accepted
 * @param maxStreams concurrent requests per HTTP/2 connection
 * @param maxHeaderBytes size of a request's head, as HTTP/2 counts it
 * @param handshakeTimeout from accept to the end of the TLS handshake
 * @param firstRequestTimeout from the handshake to the first complete request head
 * @param idleTimeout how long a connection without requests stays open
 */
public record TransportLimits(
    int maxConnections,
    int maxStreams,
    int maxHeaderBytes,
    Duration handshakeTimeout,
    Duration firstRequestTimeout,
    Duration idleTimeout) {
  /** As kube-apiserver has them where it has them: 32 s for the head, 90 s idle. */
  public static final TransportLimits DEFAULT =
      new TransportLimits(
          20_000,
          1000,
          64 * 1024,
          Duration.ofSeconds(10),
          Duration.ofSeconds(32),
          Duration.ofSeconds(90));

  public TransportLimits {
    if (maxConnections < 1 || maxStreams < 1 || maxHeaderBytes < 1024) {
      throw new IllegalArgumentException(
          "at least 1 connection, 1 stream and 1024 header bytes are needed");
    }
  }

  /** How often a connection is looked at: often enough to keep its timeouts, at most each 5 s. */
  long lookEveryMillis() {
    long shortest = Math.min(firstRequestTimeout.toMillis(), idleTimeout.toMillis());
    return Math.clamp(shortest / 2, 10, 5000);
  }

  public TransportLimits withMaxConnections(int count) {
    return new TransportLimits(
        count, maxStreams, maxHeaderBytes, handshakeTimeout, firstRequestTimeout, idleTimeout);
  }

  TransportLimits withTimeouts(Duration handshake, Duration firstRequest, Duration idle) {
    return new TransportLimits(
        maxConnections, maxStreams, maxHeaderBytes, handshake, firstRequest, idle);
  }
}
