package io.multicluster.proxy;

import io.multicluster.wire.http.BodyReceiver;
import io.netty.handler.codec.http2.Http2Headers;

/** Takes an upstream's answer: the head, then the body. All calls come from one event loop. */
public interface ResponseReceiver extends BodyReceiver {
  /** The final head; informational ones (1xx) are not passed on. */
  void head(int status, Http2Headers headers);
}
