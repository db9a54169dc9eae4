package io.multicluster.cache;

import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.table.PodRow;
import io.multicluster.wire.table.TableRow;

/** A pod. What tables show and selectors ask is lifted out when it comes in. */
final class CachedPod extends CachedObject {
  private final PodRow row;

  CachedPod(Parts parts, StringPool pool) {
    super(parts);
    this.row = PodRow.read(parts.bytes(), 0, parts.bytes().length, pool);
  }

  @Override
  TableRow row(StringPool pool) {
    return row;
  }

  @Override
  String uid() {
    return ProtoFields.uid(bytes());
  }

  @Override
  String ownField(String field) {
    return row.field(field);
  }
}
