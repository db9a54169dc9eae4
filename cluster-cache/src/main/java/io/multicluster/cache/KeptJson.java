package io.multicluster.cache;

import io.multicluster.wire.json.JsonWriter;
import io.netty.buffer.ByteBuf;

/** JSON of objects that are kept as JSON. */
final class KeptJson implements JsonSource {
  private final String apiVersion;
  private final String kind;

  KeptJson(String apiVersion, String kind) {
    this.apiVersion = apiVersion;
    this.kind = kind;
  }

  /** With its kind: custom resources have it also as items of lists. */
  @Override
  public void item(ByteBuf out, CachedObject object) {
    object.writeTo(out);
  }

  @Override
  public void object(ByteBuf out, CachedObject object, long resourceVersion) {
    out.writeBytes(object.bytes(resourceVersion));
  }

  @Override
  public void metadata(ByteBuf out, CachedObject object, long resourceVersion, String version) {
    CachedJson json = (CachedJson) object;
    new JsonWriter()
        .beginObject()
        .name("kind")
        .value("PartialObjectMetadata")
        .name("apiVersion")
        .value("meta.k8s.io/" + version)
        .name("metadata")
        .json(json.bytes(resourceVersion), json.metadataStart(), json.metadataEnd())
        .endObject()
        .drainTo(out);
  }

  @Override
  public void bookmark(ByteBuf out, Bookmark bookmark) {
    bookmark(out, bookmark, kind, apiVersion);
  }

  @Override
  public void bookmarkMetadata(ByteBuf out, Bookmark bookmark, String version) {
    bookmark(out, bookmark, "PartialObjectMetadata", "meta.k8s.io/" + version);
  }

  private static void bookmark(ByteBuf out, Bookmark bookmark, String asKind, String asApiVersion) {
    JsonWriter json =
        new JsonWriter()
            .beginObject()
            .name("kind")
            .value(asKind)
            .name("apiVersion")
            .value(asApiVersion)
            .name("metadata")
            .beginObject()
            .name("resourceVersion")
            .value(Long.toString(bookmark.resourceVersion()));
    if (bookmark.initialEventsEnd()) {
      json.name("annotations")
          .beginObject()
          .name(Bookmark.INITIAL_EVENTS_END)
          .value("true")
          .endObject();
    }
    json.endObject().endObject().drainTo(out);
  }
}
