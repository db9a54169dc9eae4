package io.multicluster.wire.http;

/**
 * A body that arrives over a connection. Flow control is by window: the peer may have a bounded
 * number of bytes on the way to us that {@link #consumed} has not acknowledged, so a receiver that
 * is slow holds its sender back and memory stays bounded by the window.
 *
 * <p>Methods may be called from any thread.
 */
public interface BodySource {
  /** Starts delivery. Called at most once; a body nobody receives is discarded by the transport. */
  void receive(BodyReceiver receiver);

  /**
   * Returns credit to the sender.
   *
   * @param bytes how many bytes handed to the receiver have gone on or were thrown away
   */
  void consumed(int bytes);

  /** No more of this body is wanted: the stream is reset as far as its sender is concerned. */
  void cancel();
}
