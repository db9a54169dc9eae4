package io.multicluster.cache;

import io.multicluster.wire.proto.ListMeta;
import io.netty.buffer.ByteBuf;

/** A list as a Table. */
final class TableListForm implements ListForm {
  private final TableRows rows;
  private boolean first = true;

  TableListForm(TableRows rows) {
    this.rows = rows;
  }

  @Override
  public long sizeOf(CachedObject object) {
    return 0;
  }

  @Override
  public void begin(ByteBuf out, ListMeta metadata, long sizes) {
    rows.begin(out, metadata, true);
  }

  @Override
  public void item(ByteBuf out, CachedObject object) {
    rows.row(out, first, object, object.resourceVersion());
    first = false;
  }

  @Override
  public void end(ByteBuf out) {
    rows.end(out);
    out.writeByte('\n');
  }
}
