package io.multicluster.cache;

import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.table.EventRow;
import io.multicluster.wire.table.TableRow;

/**
 * A core {@code v1} Event. The object that it is about is lifted out; the rest is read from its
 * bytes when asked for.
 */
final class CachedEvent extends CachedObject {
  private static final int INVOLVED_OBJECT = 2;
  private static final int NAME = 3;
  private static final int UID = 4;

  private final String involvedName;
  private final String involvedUid;

  CachedEvent(Parts parts, StringPool pool) {
    super(parts);
    String name = "";
    String uid = "";
    ProtoReader event = new ProtoReader(parts.bytes());
    while (event.next()) {
      if (event.field() == INVOLVED_OBJECT) {
        ProtoReader reference = event.message();
        while (reference.next()) {
          switch (reference.field()) {
            case NAME -> name = reference.string(pool);
            case UID -> uid = reference.string(pool);
            default -> {}
          }
        }
      }
    }
    this.involvedName = name;
    this.involvedUid = uid;
  }

  @Override
  TableRow row(StringPool pool) {
    return EventRow.read(bytes(), 0, bytes().length, pool);
  }

  @Override
  String uid() {
    return ProtoFields.uid(bytes());
  }

  @Override
  String ownField(String field) {
    return switch (field) {
      case "involvedObject.name" -> involvedName;
      case "involvedObject.uid" -> involvedUid;
      default -> row(new StringPool(1)).field(field);
    };
  }
}
