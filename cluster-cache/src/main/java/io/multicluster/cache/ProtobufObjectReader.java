package io.multicluster.cache;

import io.multicluster.wire.json.JsonKind;
import io.multicluster.wire.json.JsonTranscoder;
import io.multicluster.wire.proto.ObjectMeta;
import io.multicluster.wire.proto.ObjectSplicer;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.resource.GroupResource;
import java.util.concurrent.atomic.LongAdder;

/** Reads objects of built-in kinds. */
final class ProtobufObjectReader implements ObjectReader {
  private static final int METADATA = 1;
  private static final int RESOURCE_VERSION = 6;

  private final CachedKind kind;
  private final Origin origin;
  private final StringPool pool = new StringPool(1024);
  private final ObjectSplicer splicer = new ObjectSplicer();
  private final JsonKind schema;
  private final JsonTranscoder check;

  ProtobufObjectReader(CachedKind kind, Origin origin, LongAdder unknownFields) {
    this.kind = kind;
    this.origin = origin;
    this.schema = TranscodedJson.schema(kind);
    this.check = new JsonTranscoder(unknownFields);
  }

  @Override
  public CachedObject read(byte[] object) {
    long memberVersion = MemberVersion.parse(ProtoFields.resourceVersion(object));
    byte[] bytes =
        splicer.serve(object, 0, object.length, PLACEHOLDER, origin.mark()).toByteArray();
    check.plain(schema, bytes, 0, bytes.length);
    ObjectMeta metadata = ObjectMeta.scan(bytes, 0, bytes.length, pool);
    ObjectReader.checkNames(kind, origin, metadata.namespace(), metadata.name());
    ObjectMeta.OwnerReference owner = metadata.controller();
    CachedObject.Parts parts =
        new CachedObject.Parts(
            ObjectKey.of(metadata.namespace(), metadata.name(), origin.cluster()),
            bytes,
            resourceVersionAt(bytes),
            origin,
            memberVersion,
            metadata.labels(),
            owner == null ? null : owner.uid());
    GroupResource resource = kind.resource().groupResource();
    if (resource.equals(GroupResource.PODS)) {
      return new CachedPod(parts, pool);
    }
    return resource.equals(GroupResource.EVENTS)
        ? new CachedEvent(parts, pool)
        : new CachedPlain(parts);
  }

  private static int resourceVersionAt(byte[] bytes) {
    ProtoReader object = new ProtoReader(bytes);
    while (object.next()) {
      if (object.field() == METADATA) {
        ProtoReader metadata = object.message();
        while (metadata.next()) {
          if (metadata.field() == RESOURCE_VERSION) {
            return metadata.valueStart();
          }
        }
      }
    }
    throw new IllegalStateException("a spliced object has a resourceVersion");
  }
}
