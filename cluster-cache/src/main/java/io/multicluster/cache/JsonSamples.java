package io.multicluster.cache;

import io.multicluster.wire.json.JsonKind;
import io.multicluster.wire.json.JsonSample;
import io.multicluster.wire.json.JsonTranscoder;
import org.jspecify.annotations.Nullable;

/**
 * Transcodes objects of one form. Of families of which it has met two it keeps one object's JSON:
 * the others take over from it all that they have in common. Lists come by the pods of one owner
 * one after the other, so it forgets soon. Not thread-safe.
 */
final class JsonSamples {
  /** Bytes of memory; bigger ones are not kept. */
  private static final int MOST = 64 * 1024;

  /** Families whose hash leads to the same place; of more, the one unused for longest goes. */
  private static final int WAYS = 4;

  private final JsonKind kind;
  private final JsonTranscoder transcoder;
  private final @Nullable Object[] families;
  private final @Nullable JsonSample[] samples;

  /**
   * @param slots how many families are remembered at most, a power of two from {@value #WAYS} on
   */
  JsonSamples(JsonKind kind, JsonTranscoder transcoder, int slots) {
    this.kind = kind;
    this.transcoder = transcoder;
    this.families = new Object[slots];
    this.samples = new JsonSample[slots];
  }

  /**
   * @param family tells apart, by its {@code equals}, what objects are expected to be alike
   * @param bytes begins with the object
   * @param length of the object
   * @return ready to write; good until the transcoder is used again
   */
  JsonTranscoder transcode(Object family, byte[] bytes, int length) {
    int slot = (((family.hashCode() * 0x9e3779b1) >>> 16) & (families.length - 1)) & -WAYS;
    if (!broughtToFront(family, slot)) {
      return transcoder.plain(kind, bytes, 0, length);
    }
    JsonSample sample = samples[slot];
    if (sample != null) {
      return transcoder.like(sample, kind, bytes, length);
    }
    JsonSample made = transcoder.sample(kind, bytes, length);
    if (made.footprint() <= MOST) {
      samples[slot] = made;
    }
    return transcoder;
  }

  /** Makes a family the first of those that share its place; returns whether it was there. */
  private boolean broughtToFront(Object family, int front) {
    int at = front;
    while (at < front + WAYS - 1 && !family.equals(families[at])) {
      at++;
    }
    boolean known = family.equals(families[at]);
    JsonSample sample = known ? samples[at] : null;
    System.arraycopy(families, front, families, front + 1, at - front);
    System.arraycopy(samples, front, samples, front + 1, at - front);
    families[front] = family;
    samples[front] = sample;
    return known;
  }
}
