package io.multicluster.cache;

import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.table.PodRow;
import io.multicluster.wire.table.TableRow;

/** A pod. What tables show and selectors ask was lifted out when it came in. */
final class CachedPod extends CachedObject {
  private final PodRow row;

  CachedPod(Parts parts, PodRow row) {
    super(parts);
    this.row = row;
  }

  @Override
  TableRow row(StringPool pool) {
    return row;
  }

  @Override
  String ownField(String field) {
    return row.field(field);
  }
}
