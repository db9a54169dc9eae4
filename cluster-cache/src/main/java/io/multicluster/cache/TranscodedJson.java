package io.multicluster.cache;

import io.multicluster.wire.json.JsonKind;
import io.multicluster.wire.json.JsonTranscoder;
import io.multicluster.wire.json.KubernetesTypes;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.concurrent.atomic.LongAdder;

/** JSON of objects that are kept as protobuf. */
final class TranscodedJson implements JsonSource {
  private final JsonKind kind;
  private final JsonKind metadata = metadata("v1");
  private final JsonKind metadataBeta = metadata("v1beta1");

  /** One transcoder for each event loop. What it leaves out was counted when it came in. */
  private final FastThreadLocal<JsonTranscoder> transcoders =
      new FastThreadLocal<>() {
        @Override
        protected JsonTranscoder initialValue() {
          return new JsonTranscoder(new LongAdder());
        }
      };

  TranscodedJson(JsonKind kind) {
    this.kind = kind;
  }

  /**
   * How objects of a kind look that is kept as protobuf.
   *
   * @throws IllegalArgumentException if the kind is not known to have a protobuf form
   */
  static JsonKind schema(CachedKind kind) {
    String apiVersion = kind.resource().apiVersion();
    JsonKind schema = KubernetesTypes.kind(apiVersion, kind.kind());
    if (schema == null) {
      throw new IllegalArgumentException(
          kind.kind() + " of " + apiVersion + " is no built-in kind: cache it as JSON");
    }
    return schema;
  }

  @Override
  public void item(ByteBuf out, CachedObject object) {
    transcode(kind, object.bytes()).writeItem(out);
  }

  @Override
  public void object(ByteBuf out, CachedObject object, long resourceVersion) {
    transcode(kind, object.bytes(resourceVersion)).writeObject(out);
  }

  @Override
  public void metadata(ByteBuf out, CachedObject object, long resourceVersion, String version) {
    transcode(metadataKind(version), object.bytes(resourceVersion)).writeObject(out);
  }

  @Override
  public void bookmark(ByteBuf out, Bookmark bookmark) {
    transcode(kind, bookmark.object()).writeObject(out);
  }

  @Override
  public void bookmarkMetadata(ByteBuf out, Bookmark bookmark, String version) {
    transcode(metadataKind(version), bookmark.object()).writeObject(out);
  }

  private JsonTranscoder transcode(JsonKind as, byte[] object) {
    return transcoders.get().plain(as, object, 0, object.length);
  }

  private JsonKind metadataKind(String version) {
    return version.equals("v1beta1") ? metadataBeta : metadata;
  }

  private static JsonKind metadata(String version) {
    JsonKind known = KubernetesTypes.kind("meta.k8s.io/" + version, "PartialObjectMetadata");
    if (known == null) {
      throw new IllegalStateException("no PartialObjectMetadata of meta.k8s.io/" + version);
    }
    return known;
  }
}
