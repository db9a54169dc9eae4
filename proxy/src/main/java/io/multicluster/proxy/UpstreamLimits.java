package io.multicluster.proxy;

import java.time.Duration;

/**
 * The bounds of the connections to one upstream. Pools are per event loop, so those counts hold for
 * each loop.
 *
 * @param connectTimeout for one address: TCP, TLS and the server's HTTP/2 settings together
 * @param queueTimeout how long a request waits for room on a connection before it is refused
 * @param pingAfter silence after which a connection is asked for a sign of life; client-go's 30 s
 * @param pingTimeout how long it has to give one; client-go's 15 s
 * @param idleTimeout how long a connection without requests is kept
 * @param checkInterval between two questions to each of several servers whether it is ready
 * @param streamWindow bytes of one response that may be on the way to a slow reader, 64 KiB at
 *     least
 * @param streamsPerConnection requests at once on one HTTP/2 connection; fewer if the server says
 *     so
 * @param connections connections a loop opens at most
 * @param waiting requests that may wait for room on a loop
 * @param breakerFailures failed attempts to connect in a row after which requests fail at once
 * @param breakerPause how long they do so before one may try again; doubles up to {@code
 *     breakerLongestPause}
 */
public record UpstreamLimits(
    Duration connectTimeout,
    Duration queueTimeout,
    Duration pingAfter,
    Duration pingTimeout,
    Duration idleTimeout,
    Duration checkInterval,
    int streamWindow,
    int streamsPerConnection,
    int connections,
    int waiting,
    int breakerFailures,
    Duration breakerPause,
    Duration breakerLongestPause) {
  public static final UpstreamLimits DEFAULT =
      new UpstreamLimits(
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(15),
          Duration.ofMinutes(5),
          Duration.ofSeconds(3),
          512 * 1024,
          100,
          64,
          4096,
          3,
          Duration.ofSeconds(1),
          Duration.ofSeconds(15));

  /** How long a server has to say whether it is ready. */
  static final Duration CHECK_TIMEOUT = Duration.ofSeconds(3);

  /** What HTTP/2 starts every connection and stream with (RFC 9113, 6.9.2). */
  static final int HTTP2_INITIAL_WINDOW = 65_535;

  public UpstreamLimits {
    if (streamWindow <= HTTP2_INITIAL_WINDOW) {
      throw new IllegalArgumentException("streamWindow must be 65536 or more, is " + streamWindow);
    }
    if (streamsPerConnection < 1 || connections < 1 || waiting < 1 || breakerFailures < 1) {
      throw new IllegalArgumentException("counts of upstream limits must be 1 or more");
    }
    if ((long) streamWindow * streamsPerConnection > 1 << 30) {
      throw new IllegalArgumentException(
          "streamWindow × streamsPerConnection must not exceed 1 GiB");
    }
  }

  /**
   * Covers all streams at once, so that stalled readers can use up their own windows but never stop
   * the other streams of the connection; the rest is for requests with a larger window.
   */
  int connectionWindow() {
    return streamWindow * streamsPerConnection + (16 << 20);
  }
}
