package io.multicluster.wire.table;

/**
 * What tables and selectors need of one object, lifted out of its protobuf bytes. Immutable, small,
 * and without name and namespace, which whoever keeps rows has as a key.
 */
public sealed interface TableRow permits PodRow, EventRow, PlainRow {
  /**
   * A selectable field of this kind in the stored spelling, beside {@code metadata.name} and {@code
   * metadata.namespace}; empty if the object has no value or the kind no such field.
   */
  String field(String field);

  /** Seconds since 1970; {@link io.multicluster.wire.proto.ObjectMeta#NO_TIME} if unknown. */
  long creationSeconds();
}
