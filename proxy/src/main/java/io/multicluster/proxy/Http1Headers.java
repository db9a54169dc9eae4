package io.multicluster.proxy;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Between the headers of HTTP/1.1 on the wire and the form they have everywhere else. */
final class Http1Headers {
  /** Those that speak of one connection only (RFC 9110, 7.6.1). */
  private static final Set<AsciiString> HOP_BY_HOP =
      Set.of(
          HttpHeaderNames.CONNECTION,
          AsciiString.cached("keep-alive"),
          AsciiString.cached("proxy-connection"),
          HttpHeaderNames.TRANSFER_ENCODING,
          HttpHeaderNames.UPGRADE);

  private Http1Headers() {}

  static boolean isHopByHop(CharSequence lowerCaseName) {
    return HOP_BY_HOP.contains(AsciiString.of(lowerCaseName));
  }

  /** Copies all but pseudo headers. */
  static void copy(Http2Headers from, HttpHeaders to) {
    for (Map.Entry<CharSequence, CharSequence> header : from) {
      if (header.getKey().charAt(0) != ':') {
        to.add(header.getKey(), header.getValue());
      }
    }
  }

  /** Without those that speak of the connection. */
  static Http2Headers endToEnd(HttpHeaders from) {
    Http2Headers to = new DefaultHttp2Headers(true, from.size());
    for (Iterator<Map.Entry<CharSequence, CharSequence>> i = from.iteratorCharSequence();
        i.hasNext(); ) {
      Map.Entry<CharSequence, CharSequence> header = i.next();
      AsciiString name = AsciiString.of(header.getKey()).toLowerCase();
      if (!HOP_BY_HOP.contains(name)) {
        to.add(name, header.getValue());
      }
    }
    return to;
  }

  /** With all, for the answer to an upgrade. */
  static Http2Headers all(HttpHeaders from) {
    // Not validated: connection and upgrade are what this is about.
    Http2Headers to = new DefaultHttp2Headers(false, from.size());
    for (Iterator<Map.Entry<CharSequence, CharSequence>> i = from.iteratorCharSequence();
        i.hasNext(); ) {
      Map.Entry<CharSequence, CharSequence> header = i.next();
      to.add(AsciiString.of(header.getKey()).toLowerCase(), header.getValue());
    }
    return to;
  }

  static @Nullable Http2Headers trailers(HttpHeaders from) {
    return from.isEmpty() ? null : endToEnd(from);
  }
}
