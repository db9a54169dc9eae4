package io.multicluster.cache;

import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.table.PlainRow;
import io.multicluster.wire.table.TableRow;

/** An object of a kind that is selected by its metadata only. */
final class CachedPlain extends CachedObject {
  CachedPlain(Parts parts) {
    super(parts);
  }

  @Override
  TableRow row(StringPool pool) {
    return PlainRow.read(bytes(), 0, bytes().length);
  }

  @Override
  String uid() {
    return ProtoFields.uid(bytes());
  }

  @Override
  String ownField(String field) {
    return "";
  }
}
