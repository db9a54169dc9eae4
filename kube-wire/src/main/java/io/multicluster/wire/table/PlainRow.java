package io.multicluster.wire.table;

import io.multicluster.wire.proto.ProtoReader;

/** An object of a kind without columns of its own. */
public record PlainRow(long creationSeconds) implements TableRow {
  /**
   * @param bytes holds the bare message in {@code [start, end)}; its field 1 is the metadata
   */
  public static PlainRow read(byte[] bytes, int start, int end) {
    long creation = Times.NONE;
    ProtoReader object = new ProtoReader(bytes, start, end);
    while (object.next()) {
      if (object.field() == 1) {
        ProtoReader metadata = object.message();
        while (metadata.next()) {
          if (metadata.field() == 8) {
            creation = Times.seconds(metadata.message());
          }
        }
      }
    }
    return new PlainRow(creation);
  }

  @Override
  public String field(String field) {
    return "";
  }
}
