package io.multicluster.cache;

import io.multicluster.wire.json.JsonWatchFrames;
import io.multicluster.wire.proto.WatchEventType;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.StatusEncoder;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Objects, or only their metadata, in JSON. Immutable. */
final class JsonForm implements ObjectForm {
  private final JsonSource json;
  private final @Nullable String metadataVersion;

  /**
   * @param metadataVersion {@code v1} or {@code v1beta1} for PartialObjectMetadata, null for whole
   *     objects
   */
  JsonForm(JsonSource json, @Nullable String metadataVersion) {
    this.json = json;
    this.metadataVersion = metadataVersion;
  }

  @Override
  public void body(ByteBuf out, CachedObject object) {
    write(out, object, object.resourceVersion());
    out.writeByte('\n');
  }

  @Override
  public void event(ByteBuf out, WatchEventType type, CachedObject object, long resourceVersion) {
    JsonWatchFrames.begin(out, type);
    write(out, object, resourceVersion);
    JsonWatchFrames.end(out);
  }

  @Override
  public void bookmark(ByteBuf out, Bookmark bookmark) {
    JsonWatchFrames.begin(out, WatchEventType.BOOKMARK);
    if (metadataVersion == null) {
      json.bookmark(out, bookmark);
    } else {
      json.bookmarkMetadata(out, bookmark, metadataVersion);
    }
    JsonWatchFrames.end(out);
  }

  @Override
  public void error(ByteBuf out, Status status) {
    writeError(out, status);
  }

  static void writeError(ByteBuf out, Status status) {
    JsonWatchFrames.begin(out, WatchEventType.ERROR);
    out.writeBytes(StatusEncoder.jsonObject(status));
    JsonWatchFrames.end(out);
  }

  @Override
  public Object sharing() {
    return this;
  }

  private void write(ByteBuf out, CachedObject object, long resourceVersion) {
    if (metadataVersion == null) {
      json.object(out, object, resourceVersion);
    } else {
      json.metadata(out, object, resourceVersion, metadataVersion);
    }
  }
}
