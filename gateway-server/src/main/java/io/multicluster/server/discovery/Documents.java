package io.multicluster.server.discovery;

import io.multicluster.wire.http.Exchange;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Finished documents and the way they are answered, with ETag and 304. */
final class Documents {
  private Documents() {}

  /**
   * A document ready to be sent.
   *
   * @param etag with its quotes
   */
  record Rendered(String contentType, String etag, byte[] body) {
    static Rendered of(String contentType, byte[] body) {
      return new Rendered(contentType, '"' + hash(body) + '"', body);
    }
  }

  /** Upper-case hex SHA-512, the form of kube-apiserver's ETags and hashes. */
  static String hash(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-512");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return HexFormat.of().withUpperCase().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-512", e);
    }
  }

  /**
   * Answers with the document, or with 304 where the client has it already.
   *
   * @param caching the Cache-Control header
   */
  static void send(Exchange exchange, Rendered document, String caching) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    headers.set(HttpHeaderNames.CACHE_CONTROL, caching);
    headers.set(HttpHeaderNames.ETAG, document.etag());
    headers.set(HttpHeaderNames.VARY, "Accept");
    if (document.etag().equals(exchange.request().header(HttpHeaderNames.IF_NONE_MATCH))) {
      exchange.response().head(304, headers);
      exchange.response().end(null);
      return;
    }
    headers.set(HttpHeaderNames.CONTENT_TYPE, document.contentType());
    headers.setInt(HttpHeaderNames.CONTENT_LENGTH, document.body().length);
    exchange.response().head(200, headers);
    exchange.response().write(Unpooled.wrappedBuffer(document.body()));
    exchange.response().end(null);
  }
}
