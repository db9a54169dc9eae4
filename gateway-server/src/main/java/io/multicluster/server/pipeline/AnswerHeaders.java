package io.multicluster.server.pipeline;

import io.multicluster.server.flowcontrol.Admitted;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/** The headers that every answer to one request has, whoever makes it. For any thread. */
final class AnswerHeaders {
  private static final AsciiString NOT_CACHED = AsciiString.cached("no-cache, private");

  private final String auditId;
  private volatile @Nullable Admitted admitted;

  AnswerHeaders(String auditId) {
    this.auditId = auditId;
  }

  String auditId() {
    return auditId;
  }

  /** Flow control has put the request somewhere, which its answer is to tell. */
  void put(Admitted where) {
    admitted = where;
  }

  void stamp(Http2Headers headers) {
    headers.set(AuditId.HEADER, auditId);
    Admitted where = admitted;
    if (where != null) {
      headers.set(Admitted.SCHEMA_HEADER, where.schemaUid());
      headers.set(Admitted.LEVEL_HEADER, where.levelUid());
    }
    if (!headers.contains(HttpHeaderNames.CACHE_CONTROL)) {
      headers.set(HttpHeaderNames.CACHE_CONTROL, NOT_CACHED);
    }
  }
}
