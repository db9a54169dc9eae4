package io.multicluster.cache;

import io.multicluster.wire.proto.ProtoReader;

/** Reads what comes before an object is looked at in earnest. */
final class ProtoFields {
  private static final int METADATA = 1;
  private static final int RESOURCE_VERSION = 6;

  private ProtoFields() {}

  static String resourceVersion(byte[] object, int length) {
    String text = "";
    ProtoReader r = new ProtoReader(object, 0, length);
    while (r.next()) {
      if (r.field() == METADATA) {
        ProtoReader metadata = r.message();
        while (metadata.next()) {
          if (metadata.field() == RESOURCE_VERSION) {
            text = metadata.string();
          }
        }
      }
    }
    return text;
  }
}
