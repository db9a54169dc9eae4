package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.Schema.Field;
import io.multicluster.testclusters.simulated.Schema.Message;
import io.multicluster.testclusters.simulated.Schema.Shape;
import io.multicluster.wire.status.ApiException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Strategic merge patches: merge patches that know by the kind's schema which lists are merged
 * element by element, with the directives {@code $patch}, {@code $retainKeys}, {@code
 * $setElementOrder/…} and {@code $deleteFromPrimitiveList/…}.
 */
final class StrategicMerge {
  private static final String PATCH = "$patch";
  private static final String RETAIN = "$retainKeys";
  private static final String ORDER = "$setElementOrder/";
  private static final String DELETE = "$deleteFromPrimitiveList/";

  private StrategicMerge() {}

  /** Changes {@code target} in place. {@code schema} null: an ordinary map. */
  static void apply(@Nullable Message schema, ObjectNode target, ObjectNode patch) {
    String directive = Json.string(patch, PATCH);
    switch (directive) {
      case "" -> {}
      case "replace" -> {
        target.removeAll();
        target.setAll(patch);
        target.remove(PATCH);
        return;
      }
      case "delete" -> {
        target.removeAll();
        return;
      }
      case "merge" -> {}
      default -> throw unknownDirective(directive);
    }
    if (patch.has(RETAIN)) {
      Set<String> kept = new HashSet<>(Json.strings(patch, RETAIN));
      target.retain(kept);
    }
    for (Map.Entry<String, JsonNode> entry : patch.properties()) {
      String name = entry.getKey();
      JsonNode value = entry.getValue();
      if (name.equals(PATCH) || name.equals(RETAIN) || name.startsWith(ORDER)) {
        continue;
      }
      if (name.startsWith(DELETE)) {
        deletePrimitives(target, name.substring(DELETE.length()), value);
      } else if (value.isNull()) {
        target.remove(name);
      } else {
        field(schema, name, target, value, patch.get(ORDER + name));
      }
    }
    // An order alone, without elements, still moves them.
    for (Map.Entry<String, JsonNode> entry : patch.properties()) {
      if (entry.getKey().startsWith(ORDER)) {
        String name = entry.getKey().substring(ORDER.length());
        Field field = schema == null ? null : schema.named(name);
        if (!patch.has(name)
            && field != null
            && target.get(name) instanceof ArrayNode list
            && entry.getValue() instanceof ArrayNode order) {
          target.set(name, ordered(field, list, order));
        }
      }
    }
  }

  private static void field(
      @Nullable Message schema,
      String name,
      ObjectNode target,
      JsonNode value,
      @Nullable JsonNode order) {
    Field field = schema == null ? null : schema.named(name);
    if (value instanceof ObjectNode object) {
      Message inner =
          field == null || field.shape() == Shape.MAP || field.message() == null
              ? null
              : field.message();
      ObjectNode merged = target.get(name) instanceof ObjectNode old ? old : Json.object();
      apply(inner, merged, object);
      if (!Json.string(object, PATCH).equals("delete")) {
        target.set(name, merged);
      } else {
        target.remove(name);
      }
      return;
    }
    if (value instanceof ArrayNode elements
        && field != null
        && field.shape() == Shape.LIST
        && field.merge()) {
      ArrayNode old = target.get(name) instanceof ArrayNode array ? array : Json.array();
      ArrayNode merged = list(field, old, elements);
      target.set(name, order instanceof ArrayNode array ? ordered(field, merged, array) : merged);
      return;
    }
    target.set(name, value.deepCopy());
  }

  private static ArrayNode list(Field field, ArrayNode old, ArrayNode patch) {
    ArrayNode merged = old.deepCopy();
    for (JsonNode element : patch) {
      if (Json.string(element, PATCH).equals("replace")) {
        ArrayNode replaced = Json.array();
        for (JsonNode each : patch) {
          if (!each.has(PATCH)) {
            replaced.add(each.deepCopy());
          }
        }
        return replaced;
      }
    }
    for (JsonNode element : patch) {
      if (!(element instanceof ObjectNode object)) {
        if (!contains(merged, element)) {
          merged.add(element);
        }
        continue;
      }
      JsonNode key = key(field, object);
      int at = find(field, merged, key);
      if (Json.string(object, PATCH).equals("delete")) {
        if (at >= 0) {
          merged.remove(at);
        }
      } else if (at >= 0 && merged.get(at) instanceof ObjectNode there) {
        apply(field.message(), there, object);
      } else {
        ObjectNode added = Json.object();
        apply(field.message(), added, object);
        merged.add(added);
      }
    }
    return merged;
  }

  private static JsonNode key(Field field, ObjectNode element) {
    JsonNode key = element.get(field.mergeKey());
    if (key == null) {
      throw ApiException.badRequest(
          "map: " + element + " does not contain declared merge key: " + field.mergeKey());
    }
    return key;
  }

  private static int find(Field field, ArrayNode list, JsonNode key) {
    for (int i = 0; i < list.size(); i++) {
      if (key.equals(list.get(i).get(field.mergeKey()))) {
        return i;
      }
    }
    return -1;
  }

  private static boolean contains(ArrayNode list, JsonNode value) {
    for (JsonNode each : list) {
      if (each.equals(value)) {
        return true;
      }
    }
    return false;
  }

  /** Listed elements in the order of the directive, the others behind what they stood behind. */
  private static ArrayNode ordered(Field field, ArrayNode list, ArrayNode order) {
    List<JsonNode> wanted = new ArrayList<>();
    for (JsonNode each : order) {
      wanted.add(each instanceof ObjectNode object ? key(field, object) : each);
    }
    List<JsonNode> inOrder = new ArrayList<>();
    for (JsonNode key : wanted) {
      for (JsonNode each : list) {
        if (key.equals(each.isObject() ? each.get(field.mergeKey()) : each)) {
          inOrder.add(each);
        }
      }
    }
    ArrayNode out = Json.array();
    int next = 0;
    for (JsonNode each : list) {
      if (inOrder.contains(each)) {
        out.add(inOrder.get(next++));
      } else {
        out.add(each);
      }
    }
    return out;
  }

  private static void deletePrimitives(ObjectNode target, String name, JsonNode values) {
    if (target.get(name) instanceof ArrayNode list && values instanceof ArrayNode gone) {
      ArrayNode kept = Json.array();
      for (JsonNode each : list) {
        if (!contains(gone, each)) {
          kept.add(each);
        }
      }
      target.set(name, kept);
    }
  }

  private static ApiException unknownDirective(String directive) {
    return ApiException.badRequest("Unknown patch type found: " + directive);
  }
}
