package io.multicluster.cache;

import io.multicluster.wire.proto.WatchEventType;
import io.multicluster.wire.status.Status;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** How single objects are written, as an answer or as events of a watch. */
interface ObjectForm {
  /** The whole answer to a get. */
  void body(ByteBuf out, CachedObject object);

  /**
   * One frame of a watch.
   *
   * @param resourceVersion of the event; that of the object but for {@code DELETED}
   */
  void event(ByteBuf out, WatchEventType type, CachedObject object, long resourceVersion);

  void bookmark(ByteBuf out, Bookmark bookmark);

  /** The last frame of a watch that went wrong. */
  void error(ByteBuf out, Status status);

  /**
   * What the form is told apart by: forms of equal identity write the same bytes for the same
   * event, so that watches can share them. Null if they can't.
   */
  @Nullable Object sharing();
}
