package io.multicluster.cache;

import io.multicluster.wire.json.JsonKind;
import io.multicluster.wire.json.JsonTranscoder;
import io.multicluster.wire.json.KubernetesTypes;
import io.multicluster.wire.proto.Scratch;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.concurrent.atomic.LongAdder;

/** JSON of objects that are kept as protobuf. */
final class TranscodedJson implements JsonSource {
  /** Enough for one application that runs in a hundred clusters, whose pods have one prefix. */
  private static final int FAMILIES = 256;

  private final JsonKind kind;
  private final JsonKind metadata = metadata("v1");
  private final JsonKind metadataBeta = metadata("v1beta1");

  /** For each event loop. */
  private final FastThreadLocal<Forms> forms =
      new FastThreadLocal<>() {
        @Override
        protected Forms initialValue() {
          // What is left out was counted when it came in.
          JsonTranscoder transcoder = new JsonTranscoder(new LongAdder());
          return new Forms(
              new Scratch(),
              transcoder,
              new JsonSamples(kind, transcoder, FAMILIES),
              new JsonSamples(metadata, transcoder, FAMILIES),
              new JsonSamples(metadataBeta, transcoder, FAMILIES));
        }
      };

  private record Forms(
      Scratch scratch,
      JsonTranscoder transcoder,
      JsonSamples objects,
      JsonSamples metadata,
      JsonSamples metadataBeta) {

    JsonSamples metadata(String version) {
      return version.equals("v1beta1") ? metadataBeta : metadata;
    }

    JsonTranscoder read(JsonSamples as, CachedObject object, long resourceVersion) {
      byte[] bytes = scratch.array(object.size());
      object.copyTo(bytes, resourceVersion);
      return as.transcode(object.content().template(), bytes, object.size());
    }
  }

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
    Forms own = forms.get();
    own.read(own.objects, object, object.resourceVersion()).writeItem(out);
  }

  @Override
  public void object(ByteBuf out, CachedObject object, long resourceVersion) {
    Forms own = forms.get();
    own.read(own.objects, object, resourceVersion).writeObject(out);
  }

  @Override
  public void metadata(ByteBuf out, CachedObject object, long resourceVersion, String version) {
    Forms own = forms.get();
    own.read(own.metadata(version), object, resourceVersion).writeObject(out);
  }

  @Override
  public void bookmark(ByteBuf out, Bookmark bookmark) {
    bookmark(out, bookmark, kind);
  }

  @Override
  public void bookmarkMetadata(ByteBuf out, Bookmark bookmark, String version) {
    bookmark(out, bookmark, version.equals("v1beta1") ? metadataBeta : metadata);
  }

  private void bookmark(ByteBuf out, Bookmark bookmark, JsonKind as) {
    byte[] object = bookmark.object();
    forms.get().transcoder.plain(as, object, 0, object.length).writeObject(out);
  }

  private static JsonKind metadata(String version) {
    JsonKind known = KubernetesTypes.kind("meta.k8s.io/" + version, "PartialObjectMetadata");
    if (known == null) {
      throw new IllegalStateException("no PartialObjectMetadata of meta.k8s.io/" + version);
    }
    return known;
  }
}
