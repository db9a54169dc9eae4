package io.multicluster.server;

import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.server.discovery.DocumentSource;
import io.multicluster.wire.http.RequestHead;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Reads the control plane's documents as the gateway itself. */
final class ControlPlaneDocuments implements DocumentSource {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** OpenAPI v2 of a control plane with many CRDs has some ten megabytes. */
  private static final int MAX_DOCUMENT = 128 * 1024 * 1024;

  private final UpstreamClient controlPlane;

  ControlPlaneDocuments(UpstreamClient controlPlane) {
    this.controlPlane = controlPlane;
  }

  @Override
  public Document get(String target, String accept, @Nullable String ifNoneMatch) {
    int question = target.indexOf('?');
    Http2Headers headers = new DefaultHttp2Headers().set("accept", accept);
    if (ifNoneMatch != null) {
      headers.set("if-none-match", ifNoneMatch);
    }
    RequestHead head =
        new RequestHead(
            "GET",
            question < 0 ? target : target.substring(0, question),
            question < 0 ? "" : target.substring(question + 1),
            headers);
    UpstreamResponse answer = controlPlane.call(head, null, MAX_DOCUMENT, PATIENCE);
    CharSequence type = answer.headers().get("content-type");
    CharSequence etag = answer.headers().get("etag");
    return new Document(
        answer.status(),
        type == null ? "" : type.toString(),
        etag == null ? null : etag.toString(),
        answer.body());
  }
}
