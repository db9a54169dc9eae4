package io.multicluster.cache;

import io.multicluster.wire.proto.ProtoReader;

/** Reads single texts out of an object's metadata in protobuf. */
final class ProtoFields {
  private static final int METADATA = 1;
  private static final int UID = 5;
  private static final int RESOURCE_VERSION = 6;

  private ProtoFields() {}

  static String uid(byte[] object) {
    return metadata(object, UID);
  }

  static String resourceVersion(byte[] object) {
    return metadata(object, RESOURCE_VERSION);
  }

  private static String metadata(byte[] object, int field) {
    String text = "";
    ProtoReader r = new ProtoReader(object);
    while (r.next()) {
      if (r.field() == METADATA) {
        ProtoReader metadata = r.message();
        while (metadata.next()) {
          if (metadata.field() == field) {
            text = metadata.string();
          }
        }
      }
    }
    return text;
  }
}
