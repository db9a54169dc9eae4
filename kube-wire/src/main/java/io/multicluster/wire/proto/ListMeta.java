package io.multicluster.wire.proto;

import org.jspecify.annotations.Nullable;

/**
 * A list's own metadata.
 *
 * @param resourceVersion empty if none
 * @param continueToken empty on the last page
 * @param remainingItemCount null if not told
 */
public record ListMeta(
    String resourceVersion, String continueToken, @Nullable Long remainingItemCount) {
  static final int RESOURCE_VERSION = 2;
  static final int CONTINUE = 3;
  static final int REMAINING_ITEM_COUNT = 4;

  public static ListMeta read(byte[] bytes, int start, int end) {
    String resourceVersion = "";
    String continueToken = "";
    Long remaining = null;
    ProtoReader r = new ProtoReader(bytes, start, end);
    while (r.next()) {
      switch (r.field()) {
        case RESOURCE_VERSION -> resourceVersion = r.string();
        case CONTINUE -> continueToken = r.string();
        case REMAINING_ITEM_COUNT -> remaining = r.int64();
        default -> {}
      }
    }
    return new ListMeta(resourceVersion, continueToken, remaining);
  }

  /** As a list's field 1, tag and length included: what a list's bytes begin with. */
  public byte[] toField() {
    ProtoWriter content =
        new ProtoWriter()
            .string(1, "")
            .string(RESOURCE_VERSION, resourceVersion)
            .string(CONTINUE, continueToken);
    if (remainingItemCount != null) {
      content.int64(REMAINING_ITEM_COUNT, remainingItemCount);
    }
    return new ProtoWriter().message(1, content).toByteArray();
  }
}
