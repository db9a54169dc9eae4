package io.multicluster.cache;

import io.multicluster.wire.json.JsonWatchFrames;
import io.multicluster.wire.proto.ListMeta;
import io.multicluster.wire.proto.WatchEventType;
import io.multicluster.wire.status.Status;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * One object, or the events of one watch, as Tables of one row. Ages are as of now, and only the
 * first Table of a watch defines the columns: nothing of this can be shared.
 */
final class TableForm implements ObjectForm {
  private final View view;
  private final TableRows rows;
  private boolean defined;

  TableForm(View view, TableRows rows) {
    this.view = view;
    this.rows = rows;
  }

  @Override
  public void body(ByteBuf out, CachedObject object) {
    table(out, object, object.resourceVersion());
    out.writeByte('\n');
  }

  @Override
  public void event(ByteBuf out, WatchEventType type, CachedObject object, long resourceVersion) {
    JsonWatchFrames.begin(out, type);
    table(out, object, resourceVersion);
    JsonWatchFrames.end(out);
  }

  @Override
  public void bookmark(ByteBuf out, Bookmark bookmark) {
    JsonWatchFrames.begin(out, WatchEventType.BOOKMARK);
    begin(out, bookmark.resourceVersion());
    rows.bookmarkRow(out, view, bookmark);
    rows.end(out);
    JsonWatchFrames.end(out);
  }

  @Override
  public void error(ByteBuf out, Status status) {
    JsonForm.writeError(out, status);
  }

  @Override
  public @Nullable Object sharing() {
    return null;
  }

  private void table(ByteBuf out, CachedObject object, long resourceVersion) {
    begin(out, resourceVersion);
    rows.row(out, true, object, resourceVersion);
    rows.end(out);
  }

  private void begin(ByteBuf out, long resourceVersion) {
    rows.begin(out, new ListMeta(Long.toString(resourceVersion), "", null), !defined);
    defined = true;
  }
}
