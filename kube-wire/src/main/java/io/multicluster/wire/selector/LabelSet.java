package io.multicluster.wire.selector;

import org.jspecify.annotations.Nullable;

/** The labels of one object, as selectors look at them. */
@FunctionalInterface
public interface LabelSet {
  LabelSet EMPTY = key -> null;

  /** The label's value; null if the object lacks the label. */
  @Nullable String get(String key);
}
