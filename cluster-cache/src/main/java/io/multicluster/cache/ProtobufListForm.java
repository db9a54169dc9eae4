package io.multicluster.cache;

import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.ListMeta;
import io.multicluster.wire.proto.ProtoWriter;
import io.netty.buffer.ByteBuf;

/** A list in protobuf, of objects or of their metadata. Objects are copied as they are kept. */
final class ProtobufListForm implements ListForm {
  private static final int ITEM_TAG = 2 << 3 | 2;

  private final ProtobufSource source;
  private final Envelope envelope;
  private final boolean metadataOnly;

  private ProtobufListForm(ProtobufSource source, Envelope envelope, boolean metadataOnly) {
    this.source = source;
    this.envelope = envelope;
    this.metadataOnly = metadataOnly;
  }

  static ProtobufListForm objects(View view) {
    return new ProtobufListForm(
        view.protobuf(), new Envelope(view.apiVersion(), view.listKind()), false);
  }

  static ProtobufListForm metadata(View view, String version) {
    return new ProtobufListForm(
        view.protobuf(), new Envelope("meta.k8s.io/" + version, "PartialObjectMetadataList"), true);
  }

  @Override
  public long sizeOf(CachedObject object) {
    int size = metadataOnly ? metadataSize(object.bytes()) : object.size();
    return 1L + ProtoWriter.varintSize(size) + size;
  }

  @Override
  public void begin(ByteBuf out, ListMeta metadata, long sizes) {
    byte[] field = metadata.toField();
    envelope.writeHead(out, field.length + sizes);
    out.writeBytes(field);
  }

  @Override
  public void item(ByteBuf out, CachedObject object) {
    if (metadataOnly) {
      byte[] bytes = object.bytes();
      int size = metadataSize(bytes);
      begin(out, size);
      out.writeBytes(bytes, ProtobufSource.metadataStart(bytes), size);
    } else if (source.keptAsServed()) {
      begin(out, object.size());
      object.writeTo(out);
    } else {
      source.plan(object, object.resourceVersion()).writeItem(out);
    }
  }

  @Override
  public void end(ByteBuf out) {
    envelope.writeTail(out);
  }

  private static int metadataSize(byte[] bytes) {
    return ProtobufSource.metadataEnd(bytes) - ProtobufSource.metadataStart(bytes);
  }

  private static void begin(ByteBuf out, int size) {
    out.ensureWritable(1 + 5 + size);
    out.writeByte(ITEM_TAG);
    ProtoWriter.writeVarint(out, size);
  }
}
