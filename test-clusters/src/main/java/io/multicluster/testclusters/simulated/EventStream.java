package io.multicluster.testclusters.simulated;

import java.io.IOException;

/** Where the events of a watch go: into the body of an answer, or into WebSocket messages. */
interface EventStream extends AutoCloseable {
  /**
   * @param frame an event as {@link ObjectEncoder} frames it for a body
   */
  void write(byte[] frame) throws IOException;

  void flush() throws IOException;

  /** Ends the stream in good order. */
  @Override
  void close() throws IOException;
}
