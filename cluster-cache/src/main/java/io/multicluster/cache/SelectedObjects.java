package io.multicluster.cache;

import java.util.concurrent.CompletableFuture;

/** The objects of one cluster that a selection has found. */
@FunctionalInterface
public interface SelectedObjects {
  /**
   * Whether the last of them, in the order of their names, is in another state or gone before the
   * time that writes wait is over. An API server deletes a collection in this order, so the others
   * have changed by then, too.
   */
  CompletableFuture<Boolean> changed();
}
