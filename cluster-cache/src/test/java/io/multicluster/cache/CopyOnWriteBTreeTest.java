package io.multicluster.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CopyOnWriteBTreeTest {
  private record Item(byte[] key, int value) {
    Item(String key, int value) {
      this(key.getBytes(UTF_8), value);
    }

    @Override
    public String toString() {
      return new String(key, UTF_8) + "=" + value;
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void randomEditsGiveWhatASortedMapGivesAndOldTreesNeverChange(long seed) {
    Random random = new Random(seed);
    int keys = 10 + random.nextInt(4000);
    CopyOnWriteBTree<Item> tree = CopyOnWriteBTree.empty(Item::key);
    NavigableMap<byte[], Item> model = new TreeMap<>(Arrays::compareUnsigned);
    List<CopyOnWriteBTree<Item>> trees = new ArrayList<>();
    List<List<Item>> copies = new ArrayList<>();
    for (int batch = 0; batch < 60; batch++) {
      CopyOnWriteBTree.Editor<Item> editor = tree.edit();
      int putsOfTen = random.nextInt(11);
      int edits = random.nextInt(400);
      for (int i = 0; i < edits; i++) {
        Item item = new Item("k" + random.nextInt(keys), random.nextInt());
        if (random.nextInt(10) < putsOfTen) {
          assertThat(editor.put(item)).as("seed %s", seed).isSameAs(model.put(item.key, item));
        } else {
          assertThat(editor.remove(item.key)).as("seed %s", seed).isSameAs(model.remove(item.key));
        }
        assertThat(editor.get(item.key)).isSameAs(model.get(item.key));
      }
      tree = editor.publish();
      trees.add(tree);
      copies.add(List.copyOf(model.values()));
      checkReads(tree, model, random, keys, seed);
    }
    for (int i = 0; i < trees.size(); i++) {
      assertThat(all(trees.get(i))).as("seed %s, tree %s", seed, i).isEqualTo(copies.get(i));
    }
  }

  private static void checkReads(
      CopyOnWriteBTree<Item> tree,
      NavigableMap<byte[], Item> model,
      Random random,
      int keys,
      long seed) {
    assertThat(tree.size()).as("seed %s", seed).isEqualTo(model.size());
    for (int i = 0; i < 20; i++) {
      byte[] key = ("k" + random.nextInt(keys)).getBytes(UTF_8);
      assertThat(tree.get(key)).as("seed %s", seed).isSameAs(model.get(key));
      assertThat(tree.rank(key)).as("seed %s", seed).isEqualTo(model.headMap(key).size());
      assertThat(rest(tree.cursor(key)))
          .as("seed %s", seed)
          .isEqualTo(List.copyOf(model.tailMap(key).values()));
    }
    CopyOnWriteBTree.Cursor<Item> cursor = tree.cursor(new byte[0]);
    byte[] at = {};
    for (int i = 0; i < 20; i++) {
      byte[] key = ("k" + random.nextInt(keys)).getBytes(UTF_8);
      if (Arrays.compareUnsigned(key, at) >= 0) {
        cursor.advance(key);
        var expected = model.ceilingEntry(key);
        Item item = cursor.next();
        assertThat(item)
            .as("seed %s", seed)
            .isSameAs(expected == null ? null : expected.getValue());
        if (item == null) {
          return;
        }
        at = new Item(new String(item.key, UTF_8) + "\0", 0).key;
      }
    }
  }

  @Test
  void ascendingInsertionFillsNodes() {
    CopyOnWriteBTree.Editor<Item> editor = CopyOnWriteBTree.<Item>empty(Item::key).edit();
    for (int i = 0; i < 100_000; i++) {
      editor.put(new Item("k%06d".formatted(i), i));
    }
    CopyOnWriteBTree<Item> tree = editor.publish();
    assertThat(tree.size()).isEqualTo(100_000);
    assertThat(tree.rank("k050000".getBytes(UTF_8))).isEqualTo(50_000);
  }

  @Test
  void aTreeThatLosesEverythingIsEmptyAndUsable() {
    CopyOnWriteBTree.Editor<Item> editor = CopyOnWriteBTree.<Item>empty(Item::key).edit();
    for (int i = 0; i < 3000; i++) {
      editor.put(new Item("k" + i, i));
      assertThat(editor.publish().size()).isEqualTo(i + 1);
    }
    for (int i = 0; i < 3000; i++) {
      editor.remove(("k" + i).getBytes(UTF_8));
      assertThat(editor.publish().size()).isEqualTo(2999 - i);
    }
    assertThat(all(editor.publish())).isEmpty();
    editor.put(new Item("a", 1));
    assertThat(editor.publish().size()).isEqualTo(1);
  }

  private static List<Item> all(CopyOnWriteBTree<Item> tree) {
    return rest(tree.cursor(new byte[0]));
  }

  private static List<Item> rest(CopyOnWriteBTree.Cursor<Item> cursor) {
    List<Item> items = new ArrayList<>();
    for (Item item = cursor.next(); item != null; item = cursor.next()) {
      items.add(item);
    }
    return items;
  }
}
