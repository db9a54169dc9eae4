package io.multicluster.server.members;

import io.multicluster.proxy.ReverseProxy;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.wire.http.RequestHead;
import io.netty.handler.codec.http2.Http2Headers;
import java.time.Duration;

/** Sends changes to their members as the user, without asking anybody else. */
public final class DirectWrites implements MemberWrites {
  /**
   * Most bytes of an answer: far above the largest object, and room for a row on each of a million
   * deleted ones.
   */
  private static final int MAX_ANSWER = 256 * 1024 * 1024;

  /** The client's deadline is shorter for all but deletions of collections. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Override
  public UpstreamResponse send(MemberWrite write) {
    RequestHead head = write.head();
    Http2Headers headers = ReverseProxy.headers(head.headers(), write.user(), write.client());
    byte[] body = write.body().length == 0 ? null : write.body();
    return write
        .member()
        .call(
            new RequestHead(head.method(), head.path(), head.query(), headers),
            body,
            MAX_ANSWER,
            PATIENCE)
        .forClient(write.member());
  }
}
