package io.multicluster.cache;

/**
 * An object as its member answered a write with it, under the resourceVersion by which everybody
 * finds that state here. Made by {@link ClusterCache#written}, sent by {@link ClusterCache#answer}.
 */
public final class WrittenObject {
  private final CachedObject object;
  private final boolean seen;

  WrittenObject(CachedObject object, boolean seen) {
    this.object = object;
    this.seen = seen;
  }

  CachedObject object() {
    return object;
  }

  /** Whether reads show this state by now, or a later one. */
  public boolean seen() {
    return seen;
  }
}
