package io.multicluster.proxy;

/** A request under way at an upstream. Methods may be called from any thread. */
public interface UpstreamExchange {
  /**
   * Returns credit for response bytes that have gone on; see {@link
   * io.multicluster.wire.http.BodySource}.
   */
  void consumed(int bytes);

  /** Resets the stream at once; the receiver hears nothing more. No effect after the end. */
  void cancel();
}
