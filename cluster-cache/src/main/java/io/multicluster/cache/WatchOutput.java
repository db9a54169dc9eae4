package io.multicluster.cache;

import io.netty.buffer.ByteBuf;

/** Where the events of a watch go. Confined to one event loop. */
interface WatchOutput {
  /**
   * @param frames one or more whole frames if {@link #takesSeveral}, else exactly one; ownership
   *     passes to the output
   */
  void write(ByteBuf frames);

  /** Whether frames may be written together: on a stream they may, in messages they may not. */
  boolean takesSeveral();

  void flush();

  boolean writable();

  /**
   * @param listener runs each time the output becomes writable again
   */
  void onWritable(Runnable listener);

  /**
   * @param listener runs once the client is gone or the output ended
   */
  void onClose(Runnable listener);

  /** A clean end. */
  void end();
}
