package io.multicluster.proxy;

import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * Takes an upstream's answer to an upgrade: {@link #upgraded} alone, or the calls of {@link
 * ResponseReceiver} when it answers anything but 101.
 */
public interface UpgradeReceiver extends ResponseReceiver {
  /**
   * The upstream has switched protocols. The channel, stripped of HTTP handlers and with auto-read
   * off, is the receiver's, who must close it. A handler for what arrives must be at the end of its
   * pipeline when this returns: bytes that came with the head follow at once.
   */
  void upgraded(Http2Headers headers, Channel channel);
}
