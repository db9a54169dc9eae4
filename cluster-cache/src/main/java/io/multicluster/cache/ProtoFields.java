package io.multicluster.cache;

import io.multicluster.wire.proto.ProtoReader;

/** Reads single fields out of an object's protobuf bytes. Of a repeated field the last counts. */
final class ProtoFields {
  private static final int METADATA = 1;
  private static final int UID = 5;

  private ProtoFields() {}

  static String uid(byte[] object) {
    return text(object, METADATA, UID);
  }

  static String text(byte[] object, int field) {
    String text = "";
    ProtoReader r = new ProtoReader(object);
    while (r.next()) {
      if (r.field() == field) {
        text = r.string();
      }
    }
    return text;
  }

  /** A text in the message that is field {@code outer}; empty if absent. */
  static String text(byte[] object, int outer, int inner) {
    String text = "";
    ProtoReader r = new ProtoReader(object);
    while (r.next()) {
      if (r.field() == outer) {
        ProtoReader message = r.message();
        while (message.next()) {
          if (message.field() == inner) {
            text = message.string();
          }
        }
      }
    }
    return text;
  }

  /** A number in the message that is field {@code outer}; 0 if absent. */
  static long number(byte[] object, int outer, int inner) {
    long number = 0;
    ProtoReader r = new ProtoReader(object);
    while (r.next()) {
      if (r.field() == outer) {
        ProtoReader message = r.message();
        while (message.next()) {
          if (message.field() == inner) {
            number = message.int64();
          }
        }
      }
    }
    return number;
  }

  /** A text in the first of the messages {@code inner} in message {@code outer}. */
  static String firstText(byte[] object, int outer, int inner, int field) {
    ProtoReader r = new ProtoReader(object);
    while (r.next()) {
      if (r.field() == outer) {
        ProtoReader message = r.message();
        while (message.next()) {
          if (message.field() == inner) {
            ProtoReader first = message.message();
            while (first.next()) {
              if (first.field() == field) {
                return first.string();
              }
            }
            return "";
          }
        }
      }
    }
    return "";
  }
}
