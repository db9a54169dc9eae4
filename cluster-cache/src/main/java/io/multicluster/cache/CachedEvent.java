package io.multicluster.cache;

import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.table.EventRow;
import io.multicluster.wire.table.TableRow;

/**
 * A core {@code v1} Event. What it is asked for most is lifted out; the rest is read from its bytes
 * when it is wanted.
 */
final class CachedEvent extends CachedObject {
  private final String involvedName;
  private final String involvedUid;
  private final String reason;
  private final String type;

  CachedEvent(Parts parts, EventRow row) {
    super(parts);
    this.involvedName = row.involved().name();
    this.involvedUid = row.involved().uid();
    this.reason = row.reason();
    this.type = row.type();
  }

  @Override
  TableRow row(StringPool pool) {
    byte[] bytes = bytes();
    return EventRow.read(bytes, 0, bytes.length, pool);
  }

  @Override
  String ownField(String field) {
    return switch (field) {
      case "involvedObject.name" -> involvedName;
      case "involvedObject.uid" -> involvedUid;
      case "reason" -> reason;
      case "type" -> type;
      default -> row(new StringPool(2)).field(field);
    };
  }
}
