package io.multicluster.cache;

import io.multicluster.wire.json.JsonKind;
import io.multicluster.wire.json.JsonTranscoder;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ObjectMeta;
import io.multicluster.wire.proto.ObjectSplicer;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.resource.GroupResource;
import java.util.concurrent.atomic.LongAdder;

/**
 * Turns the bytes that a member sent into what is kept of an object: marks them with its cluster,
 * makes room for the minted resourceVersion, lifts out what the object is found by. One per feed,
 * not thread-safe.
 *
 * <p>An object is read completely once, although little of it is kept: afterwards its bytes are
 * copied into the answers to everybody, and one that can't be decoded would spoil the lists of all
 * members.
 */
final class ObjectReader {
  /** Holds the place of the minted resourceVersion: as many digits, any value. */
  private static final long PLACEHOLDER = 1_000_000_000_000_000_000L;

  private static final int METADATA = 1;
  private static final int RESOURCE_VERSION = 6;

  private final CachedKind kind;
  private final Origin origin;
  private final StringPool pool = new StringPool(1024);
  private final ObjectSplicer splicer = new ObjectSplicer();
  private final JsonKind schema;
  private final JsonTranscoder check;

  /**
   * @param unknownFields counts fields that no JSON client will see, as the member is newer
   */
  ObjectReader(CachedKind kind, Origin origin, LongAdder unknownFields) {
    this.kind = kind;
    this.origin = origin;
    this.schema = View.schema(kind);
    this.check = new JsonTranscoder(unknownFields);
  }

  /**
   * @throws MalformedProtoException if this is no object that an API server could have sent
   */
  CachedObject read(byte[] object) {
    long memberVersion = MemberVersion.parse(ProtoFields.resourceVersion(object));
    byte[] bytes =
        splicer.serve(object, 0, object.length, PLACEHOLDER, origin.mark()).toByteArray();
    check.plain(schema, bytes, 0, bytes.length);
    ObjectMeta metadata = ObjectMeta.scan(bytes, 0, bytes.length, pool);
    check(metadata);
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

  private void check(ObjectMeta metadata) {
    String name = metadata.name();
    String namespace = metadata.namespace();
    if (name.isEmpty() || separates(name) || separates(namespace)) {
      throw new MalformedProtoException(
          kind.kind() + " \"" + namespace + "/" + name + "\" of " + origin.cluster());
    }
    if (namespace.isEmpty() == kind.namespaced()) {
      throw new MalformedProtoException(
          kind.kind()
              + " \""
              + name
              + "\" of "
              + origin.cluster()
              + " in namespace \""
              + namespace
              + "\"");
    }
  }

  /** Whether the text has a character that keys are divided by. */
  private static boolean separates(String text) {
    return text.indexOf('/') >= 0 || text.indexOf('\0') >= 0;
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
