package io.multicluster.cache;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Decides how the bytes of objects are kept. One per feed, not thread-safe; the templates are
 * everybody's.
 */
final class Compactor {
  /** A delta is kept if it takes less than one in so many of the object's bytes. */
  private static final int WORTH = 4;

  private final Templates templates;
  private final DeltaEncoder encoder = new DeltaEncoder();

  Compactor(Templates templates) {
    this.templates = templates;
  }

  /**
   * What is much like the template of its family becomes a delta to it. What is not becomes the new
   * template: pods that have just been made differ more from those that run than these from each
   * other.
   *
   * @param family a name for objects that are expected to be alike
   * @param bytes begins with the object
   * @param length of the object
   * @param completeJson whether all of it can be served as JSON
   */
  Content compact(String family, byte[] bytes, int length, boolean completeJson) {
    Whole template = templates.get(family);
    @Nullable Delta delta =
        template == null ? null : encoder.encode(template, bytes, length, length / WORTH);
    if (delta != null) {
      return delta;
    }
    Whole whole = new Whole(Arrays.copyOf(bytes, length), completeJson);
    templates.put(family, whole);
    return whole;
  }

  /** What objects of a family are likely to be much like; null if nothing is known. */
  @Nullable Whole template(String family) {
    return templates.get(family);
  }

  /** Makes known to the family what was compacted by an earlier incarnation. */
  Content restored(String family, Content content) {
    if (templates.get(family) == null) {
      templates.put(family, content.template());
    }
    return content;
  }
}
