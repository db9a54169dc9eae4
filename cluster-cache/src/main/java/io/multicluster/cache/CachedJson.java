package io.multicluster.cache;

import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.table.PlainRow;
import io.multicluster.wire.table.TableRow;

/** An object of a kind that has no protobuf: a custom resource, kept as JSON. */
final class CachedJson extends CachedObject {
  private final int metadataStart;
  private final int metadataEnd;
  private final PlainRow row;

  /**
   * @param metadataStart where the value of {@code metadata} starts in the bytes
   * @param metadataEnd where it ends, exclusive
   */
  CachedJson(Parts parts, int metadataStart, int metadataEnd, PlainRow row) {
    super(parts);
    this.metadataStart = metadataStart;
    this.metadataEnd = metadataEnd;
    this.row = row;
  }

  int metadataStart() {
    return metadataStart;
  }

  int metadataEnd() {
    return metadataEnd;
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
