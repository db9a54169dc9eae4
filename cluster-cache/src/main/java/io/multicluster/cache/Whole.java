package io.multicluster.cache;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** An object in full, to which others may refer as {@link Delta}. */
final class Whole implements Content {
  private final byte[] bytes;
  private final boolean completeJson;

  /**
   * @param bytes not to be changed from here on
   * @param completeJson whether it is known that all of it can be served as JSON
   */
  Whole(byte[] bytes, boolean completeJson) {
    this.bytes = bytes;
    this.completeJson = completeJson;
  }

  boolean completeJson() {
    return completeJson;
  }

  /** Not to be changed. */
  byte[] bytes() {
    return bytes;
  }

  @Override
  public int size() {
    return bytes.length;
  }

  @Override
  public Whole template() {
    return this;
  }

  @Override
  public void copyTo(byte[] target) {
    System.arraycopy(bytes, 0, target, 0, bytes.length);
  }

  @Override
  public void writeTo(ByteBuf out) {
    out.writeBytes(bytes);
  }

  @Override
  public int footprint() {
    return bytes.length + 32;
  }

  @Override
  public boolean sameAs(Content other) {
    return other instanceof Whole whole
        ? Arrays.equals(bytes, whole.bytes)
        : bytes.length == other.size() && Arrays.equals(bytes, other.copy());
  }
}
