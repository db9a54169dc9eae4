package io.multicluster.cache;

import io.multicluster.wire.json.JsonKind;
import io.multicluster.wire.json.JsonSample;
import io.multicluster.wire.json.JsonTranscoder;
import org.jspecify.annotations.Nullable;

/**
 * Transcodes objects of one form. Of the families met last it keeps one object's JSON: the others
 * of the family take over from it all that they have in common. A list in the order of keys comes
 * by the pods of one owner one after the other. Confined to one event loop.
 */
final class JsonSamples {
  /** Enough for one application that runs in a hundred clusters, whose pods have one prefix. */
  private static final int SLOTS = 256;

  /** Bytes of memory; bigger ones are not kept. */
  private static final int MOST = 64 * 1024;

  private final JsonKind kind;
  private final JsonTranscoder transcoder;
  private final @Nullable Whole[] templates = new Whole[SLOTS];
  private final @Nullable JsonSample[] samples = new JsonSample[SLOTS];

  JsonSamples(JsonKind kind, JsonTranscoder transcoder) {
    this.kind = kind;
    this.transcoder = transcoder;
  }

  /**
   * @param bytes of the object, in an array that nobody changes any more
   * @return ready to write; good until the transcoder is used again
   */
  JsonTranscoder transcode(Content content, byte[] bytes) {
    Whole template = content.template();
    int slot = System.identityHashCode(template) & (SLOTS - 1);
    JsonSample sample = samples[slot];
    if (sample != null && templates[slot] == template) {
      return transcoder.like(sample, kind, bytes);
    }
    JsonSample made = transcoder.sample(kind, bytes);
    if (made.footprint() <= MOST) {
      templates[slot] = template;
      samples[slot] = made;
    }
    return transcoder;
  }
}
