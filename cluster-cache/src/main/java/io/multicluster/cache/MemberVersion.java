package io.multicluster.cache;

import io.multicluster.wire.proto.MalformedProtoException;

/**
 * A member's own resourceVersion as a number, which it is on every kube-apiserver (and can be
 * compared as one, KEP-5504).
 */
final class MemberVersion {
  /** Of an object that has none, since its member does not store it, or does no longer. */
  static final long NONE = 0;

  private MemberVersion() {}

  /**
   * @param text of an object; empty if it has none
   * @throws MalformedProtoException as {@link #parse}
   */
  static long ofObject(String text) {
    return text.isEmpty() ? NONE : parse(text);
  }

  /**
   * @throws MalformedProtoException unless it is a positive decimal number below 2^63
   */
  static long parse(String text) {
    try {
      long version = Long.parseLong(text);
      if (version > 0) {
        return version;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new MalformedProtoException("a member's resourceVersion \"" + text + "\"");
  }
}
