package io.multicluster.cache;

import io.multicluster.wire.json.JsonWriter;
import io.multicluster.wire.proto.ListMeta;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** A list in JSON, of objects or of their metadata. */
final class JsonListForm implements ListForm {
  private final JsonSource json;
  private final String apiVersion;
  private final String kind;
  private final @Nullable String metadataVersion;
  private boolean first = true;

  private JsonListForm(
      JsonSource json, String apiVersion, String kind, @Nullable String metadataVersion) {
    this.json = json;
    this.apiVersion = apiVersion;
    this.kind = kind;
    this.metadataVersion = metadataVersion;
  }

  static JsonListForm objects(View view) {
    return new JsonListForm(view.json(), view.apiVersion(), view.listKind(), null);
  }

  static JsonListForm metadata(View view, String version) {
    return new JsonListForm(
        view.json(), "meta.k8s.io/" + version, "PartialObjectMetadataList", version);
  }

  @Override
  public long sizeOf(CachedObject object) {
    return 0;
  }

  @Override
  public void begin(ByteBuf out, ListMeta metadata, long sizes) {
    JsonWriter head = new JsonWriter();
    head.beginObject().name("kind").value(kind).name("apiVersion").value(apiVersion);
    head.name("metadata").beginObject();
    head.name("resourceVersion").value(metadata.resourceVersion());
    if (!metadata.continueToken().isEmpty()) {
      head.name("continue").value(metadata.continueToken());
    }
    Long remaining = metadata.remainingItemCount();
    if (remaining != null) {
      head.name("remainingItemCount").value(remaining);
    }
    head.endObject().name("items").beginArray();
    head.drainTo(out);
  }

  @Override
  public void item(ByteBuf out, CachedObject object) {
    if (!first) {
      out.writeByte(',');
    }
    first = false;
    if (metadataVersion == null) {
      json.item(out, object);
    } else {
      json.metadata(out, object, object.resourceVersion(), metadataVersion);
    }
  }

  @Override
  public void end(ByteBuf out) {
    out.writeByte(']').writeByte('}').writeByte('\n');
  }
}
