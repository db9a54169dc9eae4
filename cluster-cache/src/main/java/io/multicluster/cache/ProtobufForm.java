package io.multicluster.cache;

import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.ObjectSplicer;
import io.multicluster.wire.proto.WatchEventType;
import io.multicluster.wire.proto.WatchFrames;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.StatusEncoder;
import io.netty.buffer.ByteBuf;

/** Objects, or only their metadata, in protobuf. Immutable. */
final class ProtobufForm implements ObjectForm {
  private final ProtobufSource source;
  private final Envelope envelope;
  private final boolean metadataOnly;

  private ProtobufForm(ProtobufSource source, Envelope envelope, boolean metadataOnly) {
    this.source = source;
    this.envelope = envelope;
    this.metadataOnly = metadataOnly;
  }

  static ProtobufForm objects(ProtobufSource source, String apiVersion, String kind) {
    return new ProtobufForm(source, new Envelope(apiVersion, kind), false);
  }

  static ProtobufForm metadata(ProtobufSource source, String version) {
    return new ProtobufForm(
        source, new Envelope("meta.k8s.io/" + version, "PartialObjectMetadata"), true);
  }

  @Override
  public void body(ByteBuf out, CachedObject object) {
    if (metadataOnly || !source.keptAsServed()) {
      plan(object, object.resourceVersion()).writeEnveloped(out, envelope);
      return;
    }
    envelope.writeHead(out, object.size());
    object.writeTo(out);
    envelope.writeTail(out);
  }

  @Override
  public void event(ByteBuf out, WatchEventType type, CachedObject object, long resourceVersion) {
    plan(object, resourceVersion).writeWatchFrame(out, type, envelope);
  }

  @Override
  public void bookmark(ByteBuf out, Bookmark bookmark) {
    WatchFrames.write(out, WatchEventType.BOOKMARK, envelope, bookmark.object());
  }

  @Override
  public void error(ByteBuf out, Status status) {
    WatchFrames.write(out, WatchEventType.ERROR, StatusEncoder.protobuf(status));
  }

  @Override
  public Object sharing() {
    return this;
  }

  private ObjectSplicer plan(CachedObject object, long resourceVersion) {
    return metadataOnly
        ? source.planMetadata(object, resourceVersion)
        : source.plan(object, resourceVersion);
  }
}
