package io.multicluster.cache;

import io.multicluster.wire.proto.WatchEventType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Encodes an event once for all watches that may see it in the same form. The frames of the most
 * recent events are kept, up to a number of bytes; who is later than that encodes anew. Safe for
 * use by all event loops.
 */
final class FrameCache {
  /** A scratch buffer that became bigger than this is not kept. */
  private static final int BIG = 1 << 20;

  private final long limit;
  private final AtomicLong bytes = new AtomicLong();
  private final Queue<LogEntry> entries = new ConcurrentLinkedQueue<>();
  private final FastThreadLocal<ByteBuf> scratch =
      new FastThreadLocal<>() {
        @Override
        protected ByteBuf initialValue() {
          return Unpooled.buffer(16 * 1024);
        }
      };

  /**
   * @param limit bytes of frames that are kept
   */
  FrameCache(long limit) {
    this.limit = limit;
  }

  /**
   * The frame of an event, in a buffer of its own that shares its bytes with others'.
   *
   * @param form whose {@link ObjectForm#sharing} is {@code sharing}
   */
  ByteBuf frame(
      LogEntry entry, WatchEventType type, CachedObject object, ObjectForm form, Object sharing) {
    SharedFrame known = entry.frames();
    SharedFrame frame = known == null ? null : known.find(sharing, type);
    if (frame == null) {
      frame =
          new SharedFrame(
              sharing, type, encode(entry.resourceVersion(), type, object, form), known);
      if (entry.replaceFrames(known, frame)) {
        keep(entry, frame, known == null);
      }
    }
    return Unpooled.wrappedBuffer(frame.bytes());
  }

  private byte[] encode(
      long resourceVersion, WatchEventType type, CachedObject object, ObjectForm form) {
    ByteBuf out = scratch.get().clear();
    form.event(out, type, object, resourceVersion);
    byte[] frame = ByteBufUtil.getBytes(out);
    if (out.capacity() > BIG) {
      scratch.remove();
    }
    return frame;
  }

  private void keep(LogEntry entry, SharedFrame frame, boolean first) {
    if (first) {
      entries.add(entry);
    }
    long total = bytes.addAndGet(frame.bytes().length);
    while (total > limit) {
      LogEntry oldest = entries.poll();
      if (oldest == null) {
        return;
      }
      total = forget(oldest);
    }
  }

  private long forget(LogEntry entry) {
    SharedFrame frames = entry.frames();
    while (!entry.replaceFrames(frames, null)) {
      frames = entry.frames();
    }
    long freed = 0;
    for (SharedFrame frame = frames; frame != null; frame = frame.next()) {
      freed += frame.bytes().length;
    }
    return bytes.addAndGet(-freed);
  }
}
