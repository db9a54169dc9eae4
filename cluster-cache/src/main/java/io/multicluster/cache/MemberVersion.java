package io.multicluster.cache;

import io.multicluster.wire.proto.MalformedProtoException;

/**
 * A member's own resourceVersion as a number, which it is on every kube-apiserver (and can be
 * compared as one, KEP-5504).
 */
final class MemberVersion {
  private MemberVersion() {}

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
