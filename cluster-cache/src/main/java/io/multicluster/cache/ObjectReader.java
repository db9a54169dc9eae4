package io.multicluster.cache;

import io.multicluster.wire.proto.MalformedProtoException;
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
interface ObjectReader {
  /** Holds the place of the minted resourceVersion: as many digits, any value. */
  long PLACEHOLDER = 1_000_000_000_000_000_000L;

  /**
   * @param object begins with the object; not kept
   * @return of {@link MemberVersion#NONE} if the object has no resourceVersion
   * @throws MalformedProtoException if this is no object that an API server could have sent
   */
  CachedObject read(byte[] object, int length);

  /**
   * The object again that an earlier incarnation has read.
   *
   * @param content of that object
   * @throws MalformedProtoException if it is none
   */
  CachedObject restore(Content content, long memberVersion);

  /**
   * @param unknownFields counts fields that no JSON client will see, as the member is newer
   * @param managedFields whether {@code metadata.managedFields} is kept
   */
  static ObjectReader of(
      CachedKind kind,
      Origin origin,
      Templates templates,
      LongAdder unknownFields,
      boolean managedFields) {
    Compactor compactor = new Compactor(templates);
    return switch (kind.encoding()) {
      case PROTOBUF ->
          new ProtobufObjectReader(kind, origin, compactor, unknownFields, managedFields);
      case JSON -> new JsonObjectReader(kind, origin, compactor, managedFields);
    };
  }

  /**
   * @throws MalformedProtoException if a key can't be made of the names
   */
  static void checkNames(CachedKind kind, Origin origin, String namespace, String name) {
    if (name.isEmpty()
        || separates(name)
        || separates(namespace)
        || namespace.isEmpty() == kind.namespaced()) {
      throw new MalformedProtoException(
          "a "
              + kind.kind()
              + " of "
              + origin.cluster()
              + " in namespace \""
              + namespace
              + "\" with the name \""
              + name
              + "\"");
    }
  }

  /** Whether the text has a character that keys are divided by. */
  private static boolean separates(String text) {
    return text.indexOf('/') >= 0 || text.indexOf('\0') >= 0;
  }
}
