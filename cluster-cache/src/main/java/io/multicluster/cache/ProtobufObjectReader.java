package io.multicluster.cache;

import io.multicluster.wire.json.JsonKind;
import io.multicluster.wire.json.JsonTranscoder;
import io.multicluster.wire.json.Likeness;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ObjectMeta;
import io.multicluster.wire.proto.ObjectSplicer;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.Scratch;
import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.table.EventRow;
import io.multicluster.wire.table.PlainRow;
import io.multicluster.wire.table.PodRow;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads objects of built-in kinds. */
final class ProtobufObjectReader implements ObjectReader {
  private static final int METADATA = 1;
  private static final int RESOURCE_VERSION = 6;

  private final CachedKind kind;
  private final Origin origin;
  private final Compactor compactor;
  private final boolean managedFields;
  private final StringPool pool = new StringPool(1024);
  private final ObjectSplicer splicer = new ObjectSplicer();

  /** Of most objects that are read little is kept. */
  private final Scratch scratch = new Scratch();

  private final JsonKind schema;

  /** Finds what can't be decoded, and counts what is not known. */
  private final JsonTranscoder transcoder;

  private final Likeness likeness = new Likeness();

  /**
   * The last template all of which can be served as JSON. That of the family, or of one before: the
   * first of a family is often like it too, such as the only pod of a Job.
   */
  private @Nullable Whole model;

  ProtobufObjectReader(
      CachedKind kind,
      Origin origin,
      Compactor compactor,
      LongAdder unknownFields,
      boolean managedFields) {
    this.kind = kind;
    this.origin = origin;
    this.compactor = compactor;
    this.managedFields = managedFields;
    this.schema = TranscodedJson.schema(kind);
    this.transcoder = new JsonTranscoder(unknownFields);
  }

  @Override
  public CachedObject read(byte[] object, int objectLength) {
    long memberVersion = MemberVersion.ofObject(ProtoFields.resourceVersion(object, objectLength));
    byte[] wanted = object;
    int end = objectLength;
    if (!managedFields) {
      wanted = splicer.withoutManagedFields(object, 0, end).toByteArray();
      end = wanted.length;
    }
    int length = splicer.serve(wanted, 0, end, PLACEHOLDER, origin.mark()).size();
    byte[] bytes = scratch.array(length);
    splicer.write(bytes);
    return object(
        bytes,
        length,
        memberVersion,
        family -> compactor.compact(family, bytes, length, completeJson(family, bytes, length)));
  }

  /**
   * @throws MalformedProtoException if the object can't be decoded
   */
  private boolean completeJson(String family, byte[] bytes, int length) {
    Whole template = compactor.template(family);
    if (template != null && template.completeJson()) {
      model = template;
    }
    return (model != null && likeness.complete(schema, model.bytes(), bytes, length))
        || transcoder.plain(schema, bytes, 0, length).complete();
  }

  @Override
  public CachedObject restore(Content content, long memberVersion) {
    return object(
        content.copy(),
        content.size(),
        memberVersion,
        family -> compactor.restored(family, content));
  }

  /**
   * @param bytes begins with the object
   * @param contentOf the content that an object of that family is to have
   */
  private CachedObject object(
      byte[] bytes, int length, long memberVersion, Function<String, Content> contentOf) {
    ObjectMeta metadata = ObjectMeta.scan(bytes, 0, length, pool);
    ObjectReader.checkNames(kind, origin, metadata.namespace(), metadata.name());
    ObjectMeta.OwnerReference controller = metadata.controller();
    String owner = controller == null ? null : controller.uid();
    GroupResource resource = kind.resource().groupResource();
    EventRow event =
        resource.equals(GroupResource.EVENTS) ? EventRow.read(bytes, 0, length, pool) : null;
    String relatives = owner == null ? metadata.namespace() : owner;
    CachedObject.Parts parts =
        new CachedObject.Parts(
            ObjectKey.of(metadata.namespace(), metadata.name(), origin.cluster()),
            contentOf.apply(event == null ? relatives : event.component() + '/' + event.reason()),
            resourceVersionAt(bytes, length),
            origin,
            memberVersion,
            metadata.uid(),
            metadata.labels(),
            owner);
    if (event != null) {
      return new CachedEvent(parts, event);
    }
    return resource.equals(GroupResource.PODS)
        ? new CachedPod(parts, PodRow.read(bytes, 0, length, pool))
        : new CachedPlain(parts, new PlainRow(metadata.creationSeconds()));
  }

  private static int resourceVersionAt(byte[] bytes, int length) {
    ProtoReader object = new ProtoReader(bytes, 0, length);
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
