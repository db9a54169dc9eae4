package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.Schema.Field;
import io.multicluster.testclusters.simulated.Schema.Message;
import io.multicluster.testclusters.simulated.Schema.Shape;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Sets of fields in the form of {@code FieldsV1}: a tree of {@code f:NAME}, {@code k:{KEYS}} and
 * {@code v:VALUE}, where {@code .} stands for the container itself and an empty object for a leaf.
 * Lists whose elements have no keys are leaves.
 */
final class FieldSets {
  private static final String SELF = ".";

  private static final List<String> SYSTEM =
      List.of(
          "f:name",
          "f:namespace",
          "f:uid",
          "f:resourceVersion",
          "f:generation",
          "f:creationTimestamp",
          "f:deletionTimestamp",
          "f:deletionGracePeriodSeconds",
          "f:selfLink",
          "f:managedFields");

  private FieldSets() {}

  /** What {@link #changed} is for; the two differ in when a container itself counts. */
  enum Purpose {
    /** What a write changed: containers that are new count. */
    UPDATE,
    /** What a configuration says: only elements of lists count. */
    APPLY
  }

  /**
   * The fields of {@code after} that {@code before} does not have or has with another value.
   * Identity and system metadata are nobody's.
   */
  static ObjectNode changed(
      @Nullable Message schema, ObjectNode before, ObjectNode after, Purpose purpose) {
    ObjectNode set = Json.object();
    changedFields(schema, before, after, set, purpose);
    set.remove(List.of("f:apiVersion", "f:kind"));
    if (set.get("f:metadata") instanceof ObjectNode metadata) {
      metadata.remove(SYSTEM);
      metadata.remove(SELF);
      if (metadata.isEmpty()) {
        set.remove("f:metadata");
      }
    }
    return set;
  }

  /**
   * @param schema null for what no schema of ours describes
   */
  private static void changedFields(
      @Nullable Message schema,
      ObjectNode before,
      ObjectNode after,
      ObjectNode set,
      Purpose purpose) {
    properties(after)
        .forEach((name, value) -> {
          if (value.isNull()) {
            return;
          }
          Field field = schema == null ? null : schema.named(name);
          JsonNode old = before.get(name);
          if (value instanceof ObjectNode object && isTree(field)) {
            changedTree(field, name, old, object, set, purpose);
          } else if (value instanceof ArrayNode list
              && field != null
              && field.topology().divided()) {
            ObjectNode child = Json.object();
            if (old == null && purpose == Purpose.UPDATE) {
              child.putObject(SELF);
            }
            changedElements(
                field, old instanceof ArrayNode a ? a : Json.array(), list, child, purpose);
            if (!child.isEmpty()) {
              set.set("f:" + name, child);
            }
          } else if (!value.equals(old)) {
            set.putObject("f:" + name);
          }
        });
  }

  private static void changedTree(
      @Nullable Field field,
      String name,
      @Nullable JsonNode old,
      ObjectNode value,
      ObjectNode set,
      Purpose purpose) {
    Message inner =
        field == null
            ? name.equals("metadata") ? Schema.message(Schema.META + "ObjectMeta") : null
            : field.shape() == Shape.MAP ? null : field.message();
    ObjectNode child = Json.object();
    if (old == null && (purpose == Purpose.UPDATE || value.isEmpty())) {
      child.putObject(SELF);
    }
    changedFields(inner, old instanceof ObjectNode o ? o : Json.object(), value, child, purpose);
    if (!child.isEmpty()) {
      set.set("f:" + name, child.size() == 1 && child.has(SELF) ? Json.object() : child);
    }
  }

  private static boolean isTree(@Nullable Field field) {
    return field == null
        || (!field.topology().atomic()
            && (field.shape() == Shape.MAP || field.kind() == Schema.Kind.MESSAGE));
  }

  /** Sorted, as sets of fields are. */
  private static Map<String, JsonNode> properties(ObjectNode object) {
    Map<String, JsonNode> properties = new TreeMap<>();
    object.forEachEntry(properties::put);
    return properties;
  }

  private static void changedElements(
      Field field, ArrayNode before, ArrayNode after, ObjectNode set, Purpose purpose) {
    for (JsonNode element : after) {
      String key = elementKey(field, element);
      JsonNode old = element(field, before, key);
      if (element instanceof ObjectNode object && !field.topology().atomicElements()) {
        ObjectNode child = Json.object();
        if (old == null) {
          child.putObject(SELF);
        }
        changedFields(
            field.message(),
            old instanceof ObjectNode o ? o : Json.object(),
            object,
            child,
            purpose);
        if (!child.isEmpty()) {
          set.set(key, child);
        }
      } else if (!element.equals(old)) {
        set.putObject(key);
      }
    }
  }

  private static @Nullable JsonNode element(Field field, ArrayNode list, String key) {
    for (JsonNode element : list) {
      if (elementKey(field, element).equals(key)) {
        return element;
      }
    }
    return null;
  }

  /** {@code k:{"name":"web"}}, or {@code v:"value"} for elements that are scalars. */
  private static String elementKey(Field field, JsonNode element) {
    if (!(element instanceof ObjectNode object)) {
      return "v:" + new String(Json.bytes(element), StandardCharsets.UTF_8);
    }
    ObjectNode keys = Json.object();
    for (String key : field.topology().keys()) {
      JsonNode value = object.get(key);
      if (value != null) {
        keys.set(key, value);
      } else if (key.equals("protocol")) {
        keys.put(key, "TCP");
      }
    }
    return "k:" + new String(Json.bytes(StructuralSchema.sorted(keys)), StandardCharsets.UTF_8);
  }

  static ObjectNode union(ObjectNode a, ObjectNode b) {
    return combine(a, b, (inA, inB) -> inA || inB);
  }

  /** What is in {@code a} but not in {@code b}. */
  static ObjectNode minus(ObjectNode a, ObjectNode b) {
    return combine(a, b, (inA, inB) -> inA && !inB);
  }

  static ObjectNode both(ObjectNode a, ObjectNode b) {
    return combine(a, b, (inA, inB) -> inA && inB);
  }

  /** Whether a path belongs to the result, by whether it is in one set and in the other. */
  @FunctionalInterface
  private interface Rule {
    boolean holds(boolean inA, boolean inB);
  }

  private static ObjectNode combine(ObjectNode a, ObjectNode b, Rule rule) {
    ObjectNode out = Json.object();
    TreeSet<String> names = new TreeSet<>(properties(a).keySet());
    names.addAll(properties(b).keySet());
    names.remove(SELF);
    for (String name : names) {
      ObjectNode ofA = child(a, name);
      ObjectNode ofB = child(b, name);
      ObjectNode below = combine(ofA, ofB, rule);
      boolean member = rule.holds(a.has(name) && isMember(ofA), b.has(name) && isMember(ofB));
      if (member && !below.isEmpty()) {
        ObjectNode withSelf = Json.object();
        withSelf.putObject(SELF);
        withSelf.setAll(below);
        out.set(name, withSelf);
      } else if (member || !below.isEmpty()) {
        out.set(name, below);
      }
    }
    return out;
  }

  private static ObjectNode child(ObjectNode set, String name) {
    return set.get(name) instanceof ObjectNode child ? child : Json.object();
  }

  /** Whether the path of a node is itself in the set, and not only paths below it. */
  private static boolean isMember(ObjectNode node) {
    return node.isEmpty() || node.has(SELF);
  }

  /** Takes the fields of a set out of an object, in place. */
  static void remove(@Nullable Message schema, ObjectNode object, ObjectNode set) {
    set.forEachEntry((path, below) -> {
      if (!path.startsWith("f:")) {
        return;
      }
      String name = path.substring(2);
      Field field = schema == null ? null : schema.named(name);
      if (below.isEmpty()) {
        object.remove(name);
      } else if (object.get(name) instanceof ObjectNode child) {
        boolean map = field != null && field.shape() == Shape.MAP;
        remove(map || field == null ? null : field.message(), child, (ObjectNode) below);
        if (child.isEmpty() && below.has(SELF)) {
          object.remove(name);
        }
      } else if (object.get(name) instanceof ArrayNode list && field != null) {
        removeElements(field, list, (ObjectNode) below);
      }
    });
  }

  private static void removeElements(Field field, ArrayNode list, ObjectNode set) {
    for (int i = list.size() - 1; i >= 0; i--) {
      JsonNode below = set.get(elementKey(field, list.get(i)));
      if (below == null) {
        continue;
      }
      if (below.isEmpty() || below.has(SELF)) {
        list.remove(i);
      } else if (list.get(i) instanceof ObjectNode element) {
        remove(field.message(), element, (ObjectNode) below);
      }
    }
  }

  /** Leaves as people read them, e.g. {@code .spec.replicas}. */
  static List<String> paths(ObjectNode set) {
    List<String> paths = new ArrayList<>();
    paths(set, "", paths);
    return paths;
  }

  private static void paths(ObjectNode set, String prefix, List<String> paths) {
    set.forEachEntry((name, below) -> {
      if (name.equals(SELF)) {
        return;
      }
      String path =
          prefix + (name.startsWith("f:") ? "." + name.substring(2) : "[" + pretty(name) + "]");
      if (below.isEmpty() || (below.size() == 1 && below.has(SELF))) {
        paths.add(path);
      } else {
        paths((ObjectNode) below, path, paths);
      }
    });
  }

  private static String pretty(String element) {
    if (element.startsWith("v:")) {
      return "=" + element.substring(2);
    }
    List<String> keys = new ArrayList<>();
    Json.trusted(element.substring(2)).forEachEntry((name, value) -> keys.add(name + "=" + value));
    return String.join(",", keys);
  }
}
