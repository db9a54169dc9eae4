package io.multicluster.wire.proto;

import io.multicluster.wire.selector.LabelSet;
import java.util.Arrays;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The labels of one object: immutable, compact (one array of alternating keys and values, in the
 * order of the wire), comparable, so that equal sets can be shared between objects.
 */
public final class Labels implements LabelSet {
  public static final Labels EMPTY = new Labels(new String[0]);

  private final String[] pairs;

  private Labels(String[] pairs) {
    this.pairs = pairs;
  }

  public static Labels of(Map<String, String> labels) {
    if (labels.isEmpty()) {
      return EMPTY;
    }
    String[] pairs = new String[2 * labels.size()];
    int i = 0;
    for (var entry : labels.entrySet()) {
      pairs[i++] = entry.getKey();
      pairs[i++] = entry.getValue();
    }
    return new Labels(pairs);
  }

  /** A linear search: objects have a handful of labels. */
  @Override
  public @Nullable String get(String key) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i].equals(key)) {
        return pairs[i + 1];
      }
    }
    return null;
  }

  public int size() {
    return pairs.length / 2;
  }

  /** Key and value of each label. */
  public void forEach(BiConsumer<String, String> action) {
    for (int i = 0; i < pairs.length; i += 2) {
      action.accept(pairs[i], pairs[i + 1]);
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Labels labels && Arrays.equals(pairs, labels.pairs);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(pairs);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    forEach((key, value) ->
        text.append(text.isEmpty() ? "" : ",").append(key).append('=').append(value));
    return text.toString();
  }

  /** Collects entries of a map field; a key that comes twice has its last value. */
  static final class Builder {
    private @Nullable String[] pairs = new String[16];
    private int length;

    void put(String key, String value) {
      for (int i = 0; i < length; i += 2) {
        if (key.equals(pairs[i])) {
          pairs[i + 1] = value;
          return;
        }
      }
      if (length == pairs.length) {
        pairs = Arrays.copyOf(pairs, 2 * length);
      }
      pairs[length++] = key;
      pairs[length++] = value;
    }

    Labels build() {
      return length == 0 ? EMPTY : new Labels(Arrays.copyOf(pairs, length, String[].class));
    }
  }
}
