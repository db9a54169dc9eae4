package io.multicluster.cache;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Walks the objects of a snapshot that a filter lets through, in key order, by the shortest way: a
 * range of keys, or one value of an index. In portions, so that whoever walks can let others run in
 * between. Not thread-safe.
 */
final class Scan {
  /** Objects looked at in one call: well below a millisecond. */
  private static final int PORTION = 4096;

  /** To look an object up by a key from an index costs about as much as walking past so many. */
  private static final int LOOKUP = 10;

  private static final byte[] NO_KEY = {};

  private final Snapshot snapshot;
  private final ObjectFilter filter;
  private final byte[] start;
  private final byte @Nullable [] end;
  private final CopyOnWriteBTree.Cursor<CachedObject> objects;
  private final CopyOnWriteBTree.@Nullable Cursor<byte[]> keys;
  private boolean done;

  /**
   * @param from first key that is wanted; empty for all
   */
  Scan(Snapshot snapshot, KindIndexes indexes, ObjectFilter filter, byte[] from) {
    this.snapshot = snapshot;
    this.filter = filter;
    byte[] prefix = prefix(filter);
    this.start = Arrays.compareUnsigned(from, prefix) > 0 ? from : prefix;
    this.end = prefix.length == 0 ? null : ObjectKey.afterPrefix(prefix);
    this.objects = snapshot.objects().cursor(start);
    CopyOnWriteBTree<byte[]> indexed = shortest(indexes);
    this.keys = indexed == null ? null : indexed.cursor(start);
  }

  /**
   * The next object; null if there is none, or none among the next few thousand: see {@link #done}.
   */
  @Nullable CachedObject next() {
    for (int i = 0; i < PORTION && !done; i++) {
      CachedObject object = candidate();
      if (object == null || isBehind(object.key())) {
        done = true;
      } else if (filter.matches(object)) {
        return object;
      }
    }
    return null;
  }

  boolean done() {
    return done;
  }

  /**
   * How many objects stand from {@code from} on, if the filter {@link ObjectFilter#selectsAll}.
   * Does not walk.
   */
  int count(KindIndexes indexes, byte[] from) {
    return filter.cluster().isEmpty()
        ? between(snapshot.objects(), from)
        : between(snapshot.indexes().get(indexes.cluster()).keys(filter.cluster()), from);
  }

  private @Nullable CachedObject candidate() {
    if (keys == null) {
      return objects.next();
    }
    byte[] key = keys.next();
    if (key == null) {
      return null;
    }
    objects.advance(key);
    return objects.next();
  }

  private boolean isBehind(byte[] key) {
    return end != null && Arrays.compareUnsigned(key, end) >= 0;
  }

  private static byte[] prefix(ObjectFilter filter) {
    String namespace = filter.onlyNamespace();
    if (namespace.isEmpty()) {
      return NO_KEY;
    }
    String name = filter.onlyName();
    return name == null ? ObjectKey.prefix(namespace) : ObjectKey.prefix(namespace, name);
  }

  /** The index that leads to the fewest objects; null if walking the range is less work. */
  private @Nullable CopyOnWriteBTree<byte[]> shortest(KindIndexes indexes) {
    CopyOnWriteBTree<byte[]> best = null;
    long cost = between(snapshot.objects(), start);
    List<Index.Definition> definitions = indexes.definitions();
    for (int i = 0; i < definitions.size(); i++) {
      String value = filter.onlyValue(definitions.get(i));
      if (value != null) {
        CopyOnWriteBTree<byte[]> candidates = snapshot.indexes().get(i).keys(value);
        long price = (long) LOOKUP * between(candidates, start);
        if (price < cost) {
          cost = price;
          best = candidates;
        }
      }
    }
    return best;
  }

  private int between(CopyOnWriteBTree<?> tree, byte[] from) {
    return (end == null ? tree.size() : tree.rank(end)) - tree.rank(from);
  }
}
