package io.multicluster.cache;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The state of a kind at one position. Immutable, read by any thread without a lock.
 *
 * @param resourceVersion minted; everything up to it is in, nothing after it
 * @param indexes in the order of their definitions
 */
record Snapshot(long resourceVersion, CopyOnWriteBTree<CachedObject> objects, List<Index> indexes) {

  @Nullable CachedObject get(byte[] key) {
    return objects.get(key);
  }

  /** The same state, known to be that of another position. */
  Snapshot at(long position) {
    return new Snapshot(position, objects, indexes);
  }

  /** Makes the next snapshots out of one. Confined to one thread. */
  static final class Editor {
    private final CopyOnWriteBTree.Editor<CachedObject> objects;
    private final List<Index.Editor> indexes;
    private int size;

    Editor(Snapshot start, List<Index.Definition> definitions) {
      this.objects = start.objects.edit();
      this.size = start.objects.size();
      this.indexes =
          IntStream.range(0, definitions.size())
              .mapToObj(i -> new Index.Editor(definitions.get(i), start.indexes.get(i)))
              .toList();
    }

    @Nullable CachedObject get(byte[] key) {
      return objects.get(key);
    }

    int size() {
      return size;
    }

    /** Applies one event. */
    void change(@Nullable CachedObject before, @Nullable CachedObject after) {
      if (after != null) {
        objects.put(after);
        size += before == null ? 1 : 0;
      } else if (before != null) {
        objects.remove(before.key());
        size--;
      }
      for (Index.Editor index : indexes) {
        index.change(before, after);
      }
    }

    Snapshot publish(long resourceVersion) {
      return new Snapshot(
          resourceVersion, objects.publish(), indexes.stream().map(Index.Editor::publish).toList());
    }
  }

  static Snapshot empty(long resourceVersion, int indexes) {
    return new Snapshot(
        resourceVersion,
        CopyOnWriteBTree.empty(CachedObject::key),
        Collections.nCopies(indexes, Index.empty()));
  }
}
