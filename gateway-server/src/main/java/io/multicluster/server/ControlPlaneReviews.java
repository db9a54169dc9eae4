package io.multicluster.server;

import io.multicluster.authn.review.ReviewClient;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.IOException;
import java.time.Duration;

/** Sends reviews to the control plane as the gateway itself. */
final class ControlPlaneReviews implements ReviewClient {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int MAX_ANSWER = 1024 * 1024;

  private final UpstreamClient controlPlane;

  ControlPlaneReviews(UpstreamClient controlPlane) {
    this.controlPlane = controlPlane;
  }

  @Override
  public byte[] create(String path, byte[] review) throws IOException {
    RequestHead head =
        new RequestHead(
            "POST",
            path,
            "",
            new DefaultHttp2Headers()
                .set("content-type", "application/json")
                .set("accept", "application/json"));
    UpstreamResponse answer;
    try {
      answer = controlPlane.call(head, review, MAX_ANSWER, PATIENCE);
    } catch (ApiException e) {
      throw new IOException(e.getMessage(), e);
    }
    if (answer.status() / 100 != 2) {
      throw new IOException("the control plane answered " + answer.status() + " to POST " + path);
    }
    return answer.body();
  }
}
