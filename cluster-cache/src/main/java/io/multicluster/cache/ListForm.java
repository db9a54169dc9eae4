package io.multicluster.cache;

import io.multicluster.wire.proto.ListMeta;
import io.netty.buffer.ByteBuf;

/**
 * How one list is written, piece by piece: {@link #begin}, each object, {@link #end}. One per
 * request, not thread-safe.
 */
interface ListForm {
  /** What {@link #begin} must know of the object beforehand, in bytes; 0 if nothing. */
  long sizeOf(CachedObject object);

  /**
   * @param sizes the sum of {@link #sizeOf} over all objects that follow
   */
  void begin(ByteBuf out, ListMeta metadata, long sizes);

  void item(ByteBuf out, CachedObject object);

  void end(ByteBuf out);
}
