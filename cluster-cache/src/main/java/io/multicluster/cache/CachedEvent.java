package io.multicluster.cache;

import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.StringPool;

/** A core {@code v1} Event. The object that it is about is lifted out. */
final class CachedEvent extends CachedObject {
  private static final int INVOLVED_OBJECT = 2;
  private static final int REASON = 3;
  private static final int SOURCE = 5;
  private static final int TYPE = 9;
  private static final int REPORTING_COMPONENT = 14;

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
            case 3 -> name = reference.string(pool);
            case 4 -> uid = reference.string(pool);
            default -> {}
          }
        }
      }
    }
    this.involvedName = name;
    this.involvedUid = uid;
  }

  String involvedName() {
    return involvedName;
  }

  String involvedUid() {
    return involvedUid;
  }

  @Override
  String uid() {
    return ProtoFields.uid(bytes());
  }

  @Override
  String ownField(String field) {
    return switch (field) {
      case "involvedObject.kind" -> ProtoFields.text(bytes(), INVOLVED_OBJECT, 1);
      case "involvedObject.namespace" -> ProtoFields.text(bytes(), INVOLVED_OBJECT, 2);
      case "involvedObject.name" -> involvedName;
      case "involvedObject.uid" -> involvedUid;
      case "involvedObject.apiVersion" -> ProtoFields.text(bytes(), INVOLVED_OBJECT, 5);
      case "involvedObject.resourceVersion" -> ProtoFields.text(bytes(), INVOLVED_OBJECT, 6);
      case "involvedObject.fieldPath" -> ProtoFields.text(bytes(), INVOLVED_OBJECT, 7);
      case "reason" -> ProtoFields.text(bytes(), REASON);
      case "source" -> {
        String component = ProtoFields.text(bytes(), SOURCE, 1);
        yield component.isEmpty() ? reportingComponent() : component;
      }
      case "reportingComponent" -> reportingComponent();
      case "type" -> ProtoFields.text(bytes(), TYPE);
      default -> "";
    };
  }

  private String reportingComponent() {
    return ProtoFields.text(bytes(), REPORTING_COMPONENT);
  }
}
