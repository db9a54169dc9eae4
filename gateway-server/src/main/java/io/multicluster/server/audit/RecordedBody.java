package io.multicluster.server.audit;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;

/** A copy of a body as it passes, up to a bound. One thread at a time. */
final class RecordedBody {
  private final int most;
  private final ByteArrayOutputStream copy = new ByteArrayOutputStream();
  private boolean truncated;

  /**
   * @param most bytes; a longer body is not recorded at all, as half of one is no JSON
   */
  RecordedBody(int most) {
    this.most = most;
  }

  /** Copies what {@code bytes} holds; its indexes stay. */
  synchronized void add(ByteBuf bytes) {
    if (truncated || copy.size() + bytes.readableBytes() > most) {
      truncated = true;
      copy.reset();
      return;
    }
    byte[] part = new byte[bytes.readableBytes()];
    bytes.getBytes(bytes.readerIndex(), part);
    copy.writeBytes(part);
  }

  synchronized boolean truncated() {
    return truncated;
  }

  synchronized byte[] bytes() {
    return copy.toByteArray();
  }
}
