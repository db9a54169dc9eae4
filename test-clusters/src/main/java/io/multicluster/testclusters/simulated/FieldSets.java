package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.Schema.Field;
import io.multicluster.testclusters.simulated.Schema.Message;
import io.multicluster.testclusters.simulated.Schema.Shape;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Sets of fields in the form of {@code FieldsV1}: a tree of {@code f:NAME}, {@code k:{KEYS}} and
 * {@code v:VALUE}, where {@code .} stands for the container itself and an empty object for a leaf.
 * Lists that no schema calls mergeable are leaves.
 */
final class FieldSets {
  private static final String SELF = ".";

  private FieldSets() {}

  /**
   * The fields of {@code after} that {@code before} does not have or has with another value; all of
   * them if {@code before} is null. Identity and system metadata are nobody's.
   */
  static ObjectNode changed(
      @Nullable Message schema, @Nullable ObjectNode before, ObjectNode after) {
    ObjectNode set = Json.object();
    changedFields(schema, before, after, set, true);
    set.remove("f:apiVersion");
    set.remove("f:kind");
    if (set.get("f:metadata") instanceof ObjectNode metadata) {
      for (String name :
          new String[] {
            "name",
            "namespace",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
            "managedFields"
          }) {
        metadata.remove("f:" + name);
      }
      metadata.remove(SELF);
      if (metadata.isEmpty()) {
        set.remove("f:metadata");
      }
    }
    return set;
  }

  private static void changedFields(
      @Nullable Message schema,
      @Nullable ObjectNode before,
      ObjectNode after,
      ObjectNode set,
      boolean root) {
    new TreeMap<>(properties(after))
        .forEach((name, value) -> {
          if (value.isNull()) {
            return;
          }
          Field field = schema == null ? null : schema.named(name);
          JsonNode old = before == null ? null : before.get(name);
          boolean meta = root && schema == null && name.equals("metadata");
          Message inner =
              meta
                  ? Schema.message(Schema.META + "ObjectMeta")
                  : field == null ? null : field.message();
          boolean typed = schema != null || meta;
          if (value instanceof ObjectNode object && (field == null || isTree(field))) {
            ObjectNode child = Json.object();
            boolean map = field != null && field.shape() == Shape.MAP;
            boolean optional = typed ? map || (field != null && field.optional()) : !root;
            ObjectNode oldObject = old instanceof ObjectNode o ? o : null;
            if (optional && oldObject == null) {
              child.putObject(SELF);
            }
            changedFields(map ? null : inner, oldObject, object, child, false);
            if (!child.isEmpty()) {
              set.set("f:" + name, child.size() == 1 && child.has(SELF) ? Json.object() : child);
            }
          } else if (value instanceof ArrayNode list && field != null && field.merge()) {
            ObjectNode child = Json.object();
            changedElements(field, old instanceof ArrayNode a ? a : Json.array(), list, child);
            if (!child.isEmpty()) {
              set.set("f:" + name, child);
            }
          } else if (!value.equals(old)) {
            set.putObject("f:" + name);
          }
        });
  }

  private static boolean isTree(Field field) {
    return field.shape() == Shape.MAP || field.kind() == Schema.Kind.MESSAGE;
  }

  private static Map<String, JsonNode> properties(ObjectNode object) {
    Map<String, JsonNode> properties = new TreeMap<>();
    object.forEachEntry(properties::put);
    return properties;
  }

  private static void changedElements(
      Field field, ArrayNode before, ArrayNode after, ObjectNode set) {
    if (before.isEmpty() && !after.isEmpty()) {
      set.putObject(SELF);
    }
    for (JsonNode element : after) {
      String key = elementKey(field, element);
      JsonNode old = element(field, before, key);
      if (element instanceof ObjectNode object) {
        ObjectNode child = Json.object();
        if (old == null) {
          child.putObject(SELF);
        }
        changedFields(
            field.message(), old instanceof ObjectNode o ? o : null, object, child, false);
        if (!child.isEmpty()) {
          set.set(key, child);
        }
      } else if (old == null) {
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
      return "v:" + new String(Json.bytes(element), java.nio.charset.StandardCharsets.UTF_8);
    }
    ObjectNode keys = Json.object();
    keys.set(field.mergeKey(), object.path(field.mergeKey()));
    if (field.mergeKey().equals("containerPort") || field.mergeKey().equals("port")) {
      String protocol = Json.string(object, "protocol");
      keys.put("protocol", protocol.isEmpty() ? "TCP" : protocol);
    }
    return "k:" + new String(Json.bytes(keys), java.nio.charset.StandardCharsets.UTF_8);
  }

  static ObjectNode union(ObjectNode a, ObjectNode b) {
    ObjectNode out = Json.object();
    new TreeMap<>(properties(a)).forEach(out::set);
    properties(b)
        .forEach((name, child) ->
            out.set(
                name,
                out.get(name) instanceof ObjectNode mine
                    ? union(mine, (ObjectNode) child)
                    : child));
    ObjectNode sorted = Json.object();
    properties(out).forEach(sorted::set);
    return sorted;
  }

  /** What is in {@code a} but not in {@code b}. */
  static ObjectNode minus(ObjectNode a, ObjectNode b) {
    ObjectNode out = Json.object();
    a.forEachEntry((name, child) -> {
      JsonNode other = b.get(name);
      if (other == null) {
        out.set(name, child);
      } else if (!child.isEmpty() && !other.isEmpty()) {
        ObjectNode rest = minus((ObjectNode) child, (ObjectNode) other);
        if (!rest.isEmpty()) {
          out.set(name, rest);
        }
      }
    });
    return out;
  }

  /** What is in both. A leaf covers whatever the other set has below it. */
  static ObjectNode both(ObjectNode a, ObjectNode b) {
    ObjectNode out = Json.object();
    a.forEachEntry((name, child) -> {
      JsonNode other = b.get(name);
      if (other == null) {
        return;
      }
      if (child.isEmpty() || other.isEmpty()) {
        out.set(name, child.isEmpty() ? other : child);
      } else {
        ObjectNode shared = both((ObjectNode) child, (ObjectNode) other);
        if (!shared.isEmpty()) {
          out.set(name, shared);
        }
      }
    });
    return out;
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
  static java.util.List<String> paths(ObjectNode set) {
    java.util.List<String> paths = new java.util.ArrayList<>();
    paths(set, "", paths);
    return paths;
  }

  private static void paths(ObjectNode set, String prefix, java.util.List<String> paths) {
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
    java.util.List<String> keys = new java.util.ArrayList<>();
    Json.trusted(element.substring(2)).forEachEntry((name, value) -> keys.add(name + "=" + value));
    return String.join(",", keys);
  }
}
