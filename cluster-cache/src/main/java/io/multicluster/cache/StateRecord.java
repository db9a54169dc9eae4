package io.multicluster.cache;

import java.io.IOException;

/** The records of a file of {@link StateWriter}; what they hold is said by its methods. */
enum StateRecord {
  BEGIN(1),
  MEMBER(2),
  TEMPLATE(3),
  WHOLE(4),
  DELTA(5),
  DELETE(6),
  POSITION(7),
  END(8);

  /** Bytes before each record: its length and its checksum. */
  static final int HEAD = 8;

  private final byte code;

  StateRecord(int code) {
    this.code = (byte) code;
  }

  /** How it is written. */
  byte code() {
    return code;
  }

  static StateRecord of(byte code) throws IOException {
    for (StateRecord record : values()) {
      if (record.code == code) {
        return record;
      }
    }
    throw new IOException("a record of an unknown kind: " + code);
  }
}
