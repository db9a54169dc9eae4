package io.multicluster.proxy;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;

/**
 * How much is read from a connection at once: what came last time, within bounds. Netty's own
 * bounds are 64 bytes and 64 KiB. The lower makes the next request take two system calls where the
 * last one was a little smaller; buffers of the upper size are more than the allocator keeps at
 * hand for a thread.
 */
public final class ReadSizes {
  private static final int LEAST = 4 * 1024;
  private static final int MOST = 32 * 1024;

  /** As Netty's own for sockets: then other connections have their turn. */
  private static final int READS_IN_A_ROW = 16;

  /** For all connections. */
  public static final RecvByteBufAllocator BOUNDED =
      new AdaptiveRecvByteBufAllocator(LEAST, LEAST, MOST).maxMessagesPerRead(READS_IN_A_ROW);

  private ReadSizes() {}
}
