package io.multicluster.admission;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** The API server behind the gateway that holds the objects: the control plane's or a member's. */
public interface ApiServer {
  /** Asked by nobody: for pods, of which the cache tells what is to be known. */
  ApiServer NONE =
      (head, _, _) -> {
        throw ApiException.unavailable("no API server is known for " + head.path(), 0);
      };

  /**
   * A whole answer, errors included.
   *
   * @param headers lower-case names; the receiver's own
   */
  record Answer(int status, Http2Headers headers, byte[] body) {
    boolean successful() {
      return status / 100 == 2;
    }
  }

  /**
   * Sends a request and waits for the answer.
   *
   * @param as whom to act as; null for the gateway itself
   * @throws ApiException if there is no answer, or one that is longer than an object or a page of a
   *     list can be
   */
  Answer call(RequestHead head, byte @Nullable [] body, @Nullable UserInfo as);
}
