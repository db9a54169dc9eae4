package io.multicluster.server.transport;

import io.multicluster.wire.http.RequestHead;
import io.netty.handler.codec.http2.Http2Headers;

/** Splits the target of a request line. */
final class RequestTarget {
  private RequestTarget() {}

  /**
   * @param target starts with a slash
   */
  static RequestHead head(String method, String target, Http2Headers headers) {
    int question = target.indexOf('?');
    return question < 0
        ? new RequestHead(method, target, "", headers)
        : new RequestHead(
            method, target.substring(0, question), target.substring(question + 1), headers);
  }
}
