package io.multicluster.cache;

import io.netty.buffer.ByteBuf;

/**
 * Writes the objects of one view as compact JSON. Methods may be called from any thread; no newline
 * is written.
 */
interface JsonSource {
  /** As an item of a list. */
  void item(ByteBuf out, CachedObject object);

  /** With kind and apiVersion, under the given resourceVersion. */
  void object(ByteBuf out, CachedObject object, long resourceVersion);

  /**
   * A PartialObjectMetadata with kind and apiVersion.
   *
   * @param version {@code v1} or {@code v1beta1} of meta.k8s.io
   */
  void metadata(ByteBuf out, CachedObject object, long resourceVersion, String version);

  /** The object of a bookmark: empty but for kind, apiVersion and metadata. */
  void bookmark(ByteBuf out, Bookmark bookmark);

  /** The object of a bookmark as a PartialObjectMetadata. */
  void bookmarkMetadata(ByteBuf out, Bookmark bookmark, String version);
}
