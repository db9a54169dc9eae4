package io.multicluster.cache;

import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.table.PlainRow;
import io.multicluster.wire.table.TableRow;

/** An object of a kind that is selected by its metadata only. */
final class CachedPlain extends CachedObject {
  private final PlainRow row;

  CachedPlain(Parts parts, PlainRow row) {
    super(parts);
    this.row = row;
  }

  @Override
  TableRow row(StringPool pool) {
    return row;
  }

  @Override
  String ownField(String field) {
    return "";
  }
}
