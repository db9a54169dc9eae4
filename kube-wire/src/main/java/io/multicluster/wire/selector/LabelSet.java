package io.multicluster.wire.selector;

import org.jspecify.annotations.Nullable;

/** An object's labels, as far as a selector needs them. */
@FunctionalInterface
public interface LabelSet {
  /** The value of a label, which may be empty; null if there is no such label. */
  @Nullable String get(String key);
}
