package io.multicluster.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * From a value that objects have (their node, their owner, a label) to the keys of these objects.
 * Persistent like the tree of the objects, and part of the same snapshot. Keys, not objects, are
 * referred to: most changes of an object leave its indexes alone.
 */
final class Index {
  private static final CopyOnWriteBTree<byte[]> NO_KEYS =
      CopyOnWriteBTree.empty(Function.identity());

  private final CopyOnWriteBTree<Posting> postings;

  private Index(CopyOnWriteBTree<Posting> postings) {
    this.postings = postings;
  }

  /** The objects of one value. */
  private record Posting(byte[] value, CopyOnWriteBTree<byte[]> keys) {}

  /**
   * What is indexed.
   *
   * @param name a field in the stored spelling, {@code metadata.cluster}, {@code metadata.owner},
   *     or {@code label:KEY}
   * @param value what an object is found under; null or empty if it is not in this index
   */
  record Definition(String name, Function<CachedObject, @Nullable String> value) {
    static final Definition CLUSTER = new Definition("metadata.cluster", CachedObject::cluster);
    static final Definition OWNER = new Definition("metadata.owner", CachedObject::ownerUid);
    static final Definition NODE = field("spec.nodeName");
    static final Definition INVOLVED_UID = field("involvedObject.uid");
    static final Definition INVOLVED_NAME = field("involvedObject.name");

    private static final String LABEL = "label:";

    static Definition label(String key) {
      return new Definition(LABEL + key, object -> object.labels().get(key));
    }

    /** The label that is indexed; null if this is no index of labels. */
    @Nullable String labelKey() {
      return name.startsWith(LABEL) ? name.substring(LABEL.length()) : null;
    }

    private static Definition field(String name) {
      return new Definition(name, object -> object.get(name));
    }
  }

  static Index empty() {
    return new Index(CopyOnWriteBTree.empty(Posting::value));
  }

  /** The keys of the objects with that value, in order. */
  CopyOnWriteBTree<byte[]> keys(String value) {
    Posting posting = postings.get(value.getBytes(UTF_8));
    return posting == null ? NO_KEYS : posting.keys;
  }

  /**
   * Keeps one index in step with the objects. Confined to one thread.
   *
   * <p>Changes tend to come in runs of one value, such as the objects of a member that is listed:
   * the keys of the last value stay in an editor of their own until another value has its turn.
   */
  static final class Editor {
    private final Definition definition;
    private final CopyOnWriteBTree.Editor<Posting> postings;
    private String open = "";
    private byte[] openValue = {};
    private CopyOnWriteBTree.Editor<byte[]> openKeys = NO_KEYS.edit();

    Editor(Definition definition, Index index) {
      this.definition = definition;
      this.postings = index.postings.edit();
    }

    /**
     * One object changed from {@code before} to {@code after}; null: it did, or does, not exist.
     */
    void change(@Nullable CachedObject before, @Nullable CachedObject after) {
      String old = before == null ? "" : valueOf(before);
      String now = after == null ? "" : valueOf(after);
      if (old.equals(now)) {
        return;
      }
      if (before != null && !old.isEmpty() && keys(old).remove(before.key()) == null) {
        throw new IllegalStateException(
            "index " + definition.name + " lost " + Arrays.toString(before.key()));
      }
      if (after != null && !now.isEmpty()) {
        keys(now).put(after.key());
      }
    }

    Index publish() {
      closeKeys();
      return new Index(postings.publish());
    }

    private String valueOf(CachedObject object) {
      String value = definition.value.apply(object);
      return value == null ? "" : value;
    }

    private CopyOnWriteBTree.Editor<byte[]> keys(String value) {
      if (!value.equals(open)) {
        closeKeys();
        byte[] bytes = value.getBytes(UTF_8);
        Posting posting = postings.get(bytes);
        open = value;
        openValue = posting == null ? bytes : posting.value;
        openKeys = (posting == null ? NO_KEYS : posting.keys).edit();
      }
      return openKeys;
    }

    private void closeKeys() {
      if (open.isEmpty()) {
        return;
      }
      CopyOnWriteBTree<byte[]> keys = openKeys.publish();
      if (keys.size() == 0) {
        postings.remove(openValue);
      } else {
        postings.put(new Posting(openValue, keys));
      }
      open = "";
    }
  }
}
