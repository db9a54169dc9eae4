package io.multicluster.cache;

import io.multicluster.wire.proto.EventRenumbering;
import io.multicluster.wire.proto.ObjectSplicer;
import io.multicluster.wire.proto.ProtoReader;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/** The objects of one view in protobuf. Methods may be called from any thread. */
final class ProtobufSource {
  private static final int METADATA = 1;

  private final @Nullable EventRenumbering renumbering;

  /** One splicer for each event loop. */
  private final FastThreadLocal<ObjectSplicer> splicers =
      new FastThreadLocal<>() {
        @Override
        protected ObjectSplicer initialValue() {
          return new ObjectSplicer();
        }
      };

  /**
   * @param renumbering null if objects are served in the version in which they are kept
   */
  ProtobufSource(@Nullable EventRenumbering renumbering) {
    this.renumbering = renumbering;
  }

  /** Whether {@link CachedObject#bytes()} can be sent as they are. */
  boolean keptAsServed() {
    return renumbering == null;
  }

  /** The object under the given resourceVersion; good until the next plan on this thread. */
  ObjectSplicer plan(CachedObject object, long resourceVersion) {
    byte[] bytes = object.bytes(resourceVersion);
    ObjectSplicer splicer = splicers.get();
    return renumbering == null
        ? splicer.serve(bytes, 0, bytes.length, resourceVersion, object.origin().mark())
        : splicer.serveRenumbered(
            bytes, 0, bytes.length, resourceVersion, object.origin().mark(), renumbering);
  }

  /** The object's metadata as a PartialObjectMetadata. */
  ObjectSplicer planMetadata(CachedObject object, long resourceVersion) {
    byte[] bytes = object.bytes(resourceVersion);
    return splicers
        .get()
        .serveMetadata(bytes, 0, bytes.length, resourceVersion, object.origin().mark());
  }

  /** Where field 1 starts: as a message of its own, it is a PartialObjectMetadata. */
  static int metadataStart(byte[] object) {
    return metadata(object).fieldStart();
  }

  static int metadataEnd(byte[] object) {
    return metadata(object).valueEnd();
  }

  private static ProtoReader metadata(byte[] object) {
    ProtoReader r = new ProtoReader(object);
    while (r.next()) {
      if (r.field() == METADATA) {
        return r;
      }
    }
    throw new IllegalStateException("an object without metadata was let in");
  }
}
