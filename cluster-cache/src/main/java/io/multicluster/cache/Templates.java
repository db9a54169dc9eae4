package io.multicluster.cache;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * For each family of objects that are much alike, such as the pods of one owner, the one that
 * others are kept as deltas to. A template lives as long as somebody refers to it. Safe for any
 * thread.
 */
final class Templates {
  private final ConcurrentMap<String, Reference> byFamily = new ConcurrentHashMap<>();
  private final ReferenceQueue<Whole> forgotten = new ReferenceQueue<>();

  private static final class Reference extends WeakReference<Whole> {
    private final String family;

    Reference(String family, Whole template, ReferenceQueue<Whole> queue) {
      super(template, queue);
      this.family = family;
    }
  }

  @Nullable Whole get(String family) {
    Reference reference = byFamily.get(family);
    return reference == null ? null : reference.get();
  }

  void put(String family, Whole template) {
    while (forgotten.poll() instanceof Reference reference) {
      byFamily.remove(reference.family, reference);
    }
    byFamily.put(family, new Reference(family, template, forgotten));
  }
}
