package io.multicluster.cache;

import io.netty.buffer.ByteBuf;

/**
 * The bytes of one state of one object, as they are kept: in full, or as what distinguishes them
 * from a relative's. Immutable.
 */
sealed interface Content permits Whole, Delta {
  /** Of the object, in bytes. */
  int size();

  /** What its family is kept as deltas to. */
  Whole template();

  /** Writes the object's bytes to the front of an array. */
  void copyTo(byte[] target);

  /** The object's bytes in an array of the caller's own. */
  default byte[] copy() {
    byte[] object = new byte[size()];
    copyTo(object);
    return object;
  }

  /** Appends the object's bytes. */
  void writeTo(ByteBuf out);

  /** Bytes of memory that this takes and nobody else pays for, roughly. */
  int footprint();

  /** Whether the two stand for the same bytes. */
  boolean sameAs(Content other);
}
