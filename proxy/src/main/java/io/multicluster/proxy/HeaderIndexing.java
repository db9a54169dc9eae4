package io.multicluster.proxy;

import io.netty.handler.codec.http2.Http2HeadersEncoder.SensitivityDetector;
import io.netty.util.AsciiString;

/**
 * Which headers stay out of HPACK's dynamic table (RFC 7541, 6.2.3). An audit ID is another in
 * every request: in the table it would only drive out what comes again, on both sides of the
 * connection.
 */
public final class HeaderIndexing {
  /** For the encoders of all HTTP/2 connections. */
  public static final SensitivityDetector NEVER_INDEXED =
      (name, _) ->
          name.length() == UpstreamHeaders.AUDIT_ID.length()
              && AsciiString.contentEquals(UpstreamHeaders.AUDIT_ID, name);

  private HeaderIndexing() {}
}
