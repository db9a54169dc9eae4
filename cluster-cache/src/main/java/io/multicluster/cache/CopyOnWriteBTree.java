package io.multicluster.cache;

import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A persistent map ordered by byte-string keys, compared as unsigned bytes. Elements carry their
 * own key.
 *
 * <p>A tree never changes; any thread may read it once it was safely published. An {@link Editor}
 * makes the next tree out of it, sharing all nodes off the edited paths. A node that the editor
 * made itself is edited in place until {@link Editor#publish}, so a batch copies each inner node at
 * most once.
 *
 * <p>Invariants: all leaves have the same depth; a leaf is an array of 1 to {@value #FANOUT}
 * elements and is never written after it was linked; an inner node has 1 to {@value #FANOUT}
 * children; {@code separators[i]} is at most the first key of child i and above all keys of child
 * i-1, and {@code separators[0]} counts as minus infinity. Nodes may be emptier than in a textbook
 * B+tree after deletions: neighbours are merged only when one is nearly empty and both fit.
 */
final class CopyOnWriteBTree<E> {
  static final int FANOUT = 32;

  /** Below this a node looks for a neighbour to merge with. */
  private static final int SPARSE = FANOUT / 4;

  private final Function<E, byte[]> keyOf;
  private final @Nullable Object root;

  private CopyOnWriteBTree(Function<E, byte[]> keyOf, @Nullable Object root) {
    this.keyOf = keyOf;
    this.root = root;
  }

  /**
   * @param keyOf the key of an element; must always give the same for the same element
   */
  static <E> CopyOnWriteBTree<E> empty(Function<E, byte[]> keyOf) {
    return new CopyOnWriteBTree<>(keyOf, null);
  }

  int size() {
    return root == null ? 0 : sizeOf(root);
  }

  @Nullable E get(byte[] key) {
    Object node = root;
    if (node == null) {
      return null;
    }
    while (node instanceof Inner inner) {
      node = inner.children[inner.childFor(key)];
    }
    Object[] leaf = (Object[]) node;
    int index = search(leaf, key);
    return index < 0 ? null : element(leaf, index);
  }

  /** How many elements have a key below {@code key}. */
  int rank(byte[] key) {
    Object node = root;
    int rank = 0;
    if (node == null) {
      return 0;
    }
    while (node instanceof Inner inner) {
      int child = inner.childFor(key);
      for (int i = 0; i < child; i++) {
        rank += sizeOf(inner.children[i]);
      }
      node = inner.children[child];
    }
    int index = search((Object[]) node, key);
    return rank + (index < 0 ? -index - 1 : index);
  }

  /** Walks the elements from the first whose key is not below {@code from}. */
  Cursor<E> cursor(byte[] from) {
    return new Cursor<>(this, from);
  }

  Editor<E> edit() {
    return new Editor<>(this);
  }

  private int search(Object[] leaf, byte[] key) {
    int low = 0;
    int high = leaf.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Arrays.compareUnsigned(keyOf.apply(element(leaf, middle)), key);
      if (order < 0) {
        low = middle + 1;
      } else if (order > 0) {
        high = middle - 1;
      } else {
        return middle;
      }
    }
    return -low - 1;
  }

  @SuppressWarnings("unchecked")
  private E element(Object[] leaf, int index) {
    return (E) leaf[index];
  }

  private static int sizeOf(Object node) {
    return node instanceof Inner inner ? inner.size : ((Object[]) node).length;
  }

  /** The right to write the nodes that carry it: a batch of one editor. */
  private static final class Owner {}

  private static final class Inner {
    final Owner owner;

    byte[][] separators;
    Object[] children;
    int size;

    Inner(Owner owner, byte[][] separators, Object[] children, int size) {
      this.owner = owner;
      this.separators = separators;
      this.children = children;
      this.size = size;
    }

    static Inner of(Owner owner, byte[][] separators, Object[] children) {
      int size = 0;
      for (Object child : children) {
        size += sizeOf(child);
      }
      return new Inner(owner, separators, children, size);
    }

    int childFor(byte[] key) {
      int low = 1;
      int high = children.length - 1;
      while (low <= high) {
        int middle = (low + high) >>> 1;
        if (Arrays.compareUnsigned(separators[middle], key) <= 0) {
          low = middle + 1;
        } else {
          high = middle - 1;
        }
      }
      return low - 1;
    }
  }

  /** A position between elements. Not thread-safe; stays on the tree that it was made of. */
  static final class Cursor<E> {
    private final CopyOnWriteBTree<E> tree;
    private final Inner[] path;
    private final int[] indexes;
    private Object[] leaf = {};
    private int position;

    private Cursor(CopyOnWriteBTree<E> tree, byte[] from) {
      this.tree = tree;
      int depth = 0;
      for (Object node = tree.root; node instanceof Inner inner; node = inner.children[0]) {
        depth++;
      }
      this.path = new Inner[depth];
      this.indexes = new int[depth];
      descend(from);
    }

    /** The next element, stepping over it; null at the end. */
    @Nullable E next() {
      if (position == leaf.length && !nextLeaf()) {
        return null;
      }
      return tree.element(leaf, position++);
    }

    /**
     * Goes to the first element whose key is not below {@code key}, which must not be below what
     * was already passed. Cheap if that is near.
     */
    void advance(byte[] key) {
      if (leaf.length == 0) {
        return;
      }
      if (Arrays.compareUnsigned(tree.keyOf.apply(tree.element(leaf, leaf.length - 1)), key) < 0) {
        descend(key);
        return;
      }
      int index = tree.search(leaf, key);
      position = Math.max(position, index < 0 ? -index - 1 : index);
    }

    private void descend(byte[] from) {
      Object node = tree.root;
      if (node == null) {
        return;
      }
      for (int level = 0; node instanceof Inner inner; level++) {
        path[level] = inner;
        indexes[level] = inner.childFor(from);
        node = inner.children[indexes[level]];
      }
      leaf = (Object[]) node;
      int index = tree.search(leaf, from);
      position = index < 0 ? -index - 1 : index;
    }

    private boolean nextLeaf() {
      int level = path.length - 1;
      while (level >= 0 && indexes[level] == path[level].children.length - 1) {
        level--;
      }
      if (level < 0) {
        return false;
      }
      Object node = path[level].children[++indexes[level]];
      while (node instanceof Inner inner) {
        level++;
        path[level] = inner;
        indexes[level] = 0;
        node = inner.children[0];
      }
      leaf = (Object[]) node;
      position = 0;
      return true;
    }
  }

  /** Makes changed trees. Confined to one thread. */
  static final class Editor<E> {
    private final CopyOnWriteBTree<E> origin;
    private @Nullable Object root;

    /** Marks the inner nodes that only this editor can see. */
    private Owner owner = new Owner();

    // What the innermost call of the recursion tells the outer ones.
    private @Nullable E previous;
    private @Nullable Object splitOff;
    private byte[] splitKey = {};

    private Editor(CopyOnWriteBTree<E> tree) {
      this.origin = tree;
      this.root = tree.root;
    }

    /** The tree as edited so far; later edits leave it alone. */
    CopyOnWriteBTree<E> publish() {
      owner = new Owner();
      return new CopyOnWriteBTree<>(origin.keyOf, root);
    }

    @Nullable E get(byte[] key) {
      return new CopyOnWriteBTree<>(origin.keyOf, root).get(key);
    }

    /** Puts an element in; returns the one that had its key, or null. */
    @Nullable E put(E element) {
      byte[] key = origin.keyOf.apply(element);
      previous = null;
      splitOff = null;
      if (root == null) {
        root = new Object[] {element};
        return null;
      }
      Object left = insert(root, key, element);
      root =
          splitOff == null
              ? left
              : Inner.of(owner, new byte[][] {{}, splitKey}, new Object[] {left, splitOff});
      return previous;
    }

    /** Takes an element out and returns it; null if there is none of that key. */
    @Nullable E remove(byte[] key) {
      previous = null;
      if (root == null) {
        return null;
      }
      Object rest = delete(root, key);
      while (rest instanceof Inner inner && inner.children.length == 1) {
        rest = inner.children[0];
      }
      root = rest;
      return previous;
    }

    private Object insert(Object node, byte[] key, E element) {
      if (!(node instanceof Inner inner)) {
        return insertIntoLeaf((Object[]) node, key, element);
      }
      int index = inner.childFor(key);
      Object child = insert(inner.children[index], key, element);
      Inner own = own(inner);
      own.children[index] = child;
      if (previous == null) {
        own.size++;
      }
      Object right = splitOff;
      if (right == null) {
        return own;
      }
      splitOff = null;
      own.children = inserted(own.children, index + 1, right);
      own.separators = inserted(own.separators, index + 1, splitKey);
      int count = own.children.length;
      if (count <= FANOUT) {
        return own;
      }
      int at = index + 1 == count - 1 ? count - 1 : count / 2;
      splitKey = own.separators[at];
      splitOff =
          Inner.of(
              owner,
              Arrays.copyOfRange(own.separators, at, count),
              Arrays.copyOfRange(own.children, at, count));
      return Inner.of(owner, Arrays.copyOf(own.separators, at), Arrays.copyOf(own.children, at));
    }

    private Object insertIntoLeaf(Object[] leaf, byte[] key, E element) {
      int index = origin.search(leaf, key);
      if (index >= 0) {
        previous = origin.element(leaf, index);
        Object[] copy = leaf.clone();
        copy[index] = element;
        return copy;
      }
      index = -index - 1;
      Object[] grown = inserted(leaf, index, element);
      if (grown.length <= FANOUT) {
        return grown;
      }
      // An element behind all others is likely the next of an ascending run: leave the rest full.
      int at = index == FANOUT ? FANOUT : grown.length / 2;
      Object[] right = Arrays.copyOfRange(grown, at, grown.length);
      splitOff = right;
      splitKey = origin.keyOf.apply(origin.element(right, 0));
      return Arrays.copyOf(grown, at);
    }

    /** What is left of the node; null if nothing is. */
    private @Nullable Object delete(Object node, byte[] key) {
      if (!(node instanceof Inner inner)) {
        Object[] leaf = (Object[]) node;
        int index = origin.search(leaf, key);
        if (index < 0) {
          return leaf;
        }
        previous = origin.element(leaf, index);
        return leaf.length == 1 ? null : removed(leaf, index);
      }
      int index = inner.childFor(key);
      Object child = delete(inner.children[index], key);
      if (previous == null) {
        return inner;
      }
      Inner own = own(inner);
      own.size--;
      if (child == null) {
        if (own.children.length == 1) {
          return null;
        }
        own.children = removed(own.children, index);
        own.separators = removed(own.separators, index);
      } else {
        own.children[index] = child;
        if (lengthOf(child) < SPARSE) {
          mergeAround(own, index);
        }
      }
      return own;
    }

    private void mergeAround(Inner parent, int index) {
      int left = index > 0 ? index - 1 : index;
      int right = left + 1;
      if (right >= parent.children.length) {
        return;
      }
      Object a = parent.children[left];
      Object b = parent.children[right];
      // Room is left, so that the next insertion does not split what was just merged.
      if (lengthOf(a) + lengthOf(b) > FANOUT - SPARSE) {
        return;
      }
      if (a instanceof Inner first && b instanceof Inner second) {
        byte[][] separators = concatenated(first.separators, second.separators);
        separators[first.children.length] = parent.separators[right];
        parent.children[left] =
            Inner.of(owner, separators, concatenated(first.children, second.children));
      } else {
        parent.children[left] = concatenated((Object[]) a, (Object[]) b);
      }
      parent.children = removed(parent.children, right);
      parent.separators = removed(parent.separators, right);
    }

    private Inner own(Inner inner) {
      return inner.owner == owner
          ? inner
          : new Inner(owner, inner.separators.clone(), inner.children.clone(), inner.size);
    }

    private static int lengthOf(Object node) {
      return node instanceof Inner inner ? inner.children.length : ((Object[]) node).length;
    }

    private static <T> T[] inserted(T[] array, int index, T value) {
      T[] result = Arrays.copyOf(array, array.length + 1);
      System.arraycopy(array, index, result, index + 1, array.length - index);
      result[index] = value;
      return result;
    }

    private static <T> T[] removed(T[] array, int index) {
      T[] result = Arrays.copyOf(array, array.length - 1);
      System.arraycopy(array, index + 1, result, index, result.length - index);
      return result;
    }

    private static <T> T[] concatenated(T[] a, T[] b) {
      T[] result = Arrays.copyOf(a, a.length + b.length);
      System.arraycopy(b, 0, result, a.length, b.length);
      return result;
    }
  }
}
