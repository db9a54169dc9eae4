package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.util.ArrayList;
import java.util.List;

/** RFC 6902, as strict as the API server is: what is not there can't be removed or replaced. */
final class JsonPatches {
  private static final int MAX_OPERATIONS = 10_000;

  private final ObjectNode document;

  private JsonPatches(ObjectNode document) {
    this.document = document;
  }

  /** Changes {@code document} in place. */
  static ObjectNode apply(ObjectNode document, JsonNode patch) {
    if (!(patch instanceof ArrayNode operations)) {
      throw ApiException.badRequest(
          "error decoding patch: json: cannot unmarshal "
              + (patch.isObject() ? "object" : "value")
              + " into Go value of type []handlers.jsonPatchOp");
    }
    if (operations.size() > MAX_OPERATIONS) {
      throw ApiException.entityTooLarge(
          "The allowed maximum operations in a JSON patch is "
              + MAX_OPERATIONS
              + ", got "
              + operations.size());
    }
    JsonPatches target = new JsonPatches(document);
    operations.forEach(target::apply);
    return document;
  }

  private void apply(JsonNode operation) {
    List<String> path = path(operation, "path");
    switch (Json.string(operation, "op")) {
      case "add" -> add(path, value(operation));
      case "remove" -> {
        JsonNode _ = remove(path);
      }
      case "replace" -> {
        JsonNode _ = remove(path);
        add(path, value(operation));
      }
      case "move" -> add(path, remove(path(operation, "from")));
      case "copy" -> add(path, find(path(operation, "from")).deepCopy());
      case "test" -> {
        if (!found(path).equals(value(operation))) {
          throw refused();
        }
      }
      default -> throw refused();
    }
  }

  private static JsonNode value(JsonNode operation) {
    JsonNode value = operation.get("value");
    if (value == null) {
      throw refused();
    }
    return value;
  }

  private static List<String> path(JsonNode operation, String field) {
    String text = Json.string(operation, field);
    if (!text.startsWith("/")) {
      throw refused();
    }
    List<String> path = new ArrayList<>();
    for (String part : text.substring(1).split("/", -1)) {
      path.add(part.replace("~1", "/").replace("~0", "~"));
    }
    return path;
  }

  private JsonNode find(List<String> path) {
    JsonNode node = document;
    for (String name : path) {
      node = node instanceof ArrayNode array ? node.get(index(array, name)) : node.get(name);
      if (node == null) {
        throw refused();
      }
    }
    return node;
  }

  /** For tests, a member that an object does not have is null, as the API server has it. */
  private JsonNode found(List<String> path) {
    JsonNode parent = find(path.subList(0, path.size() - 1));
    return parent instanceof ObjectNode object && !object.has(path.getLast())
        ? object.nullNode()
        : find(path);
  }

  private void add(List<String> path, JsonNode value) {
    JsonNode parent = find(path.subList(0, path.size() - 1));
    String name = path.getLast();
    if (parent instanceof ObjectNode object) {
      object.set(name, value);
    } else if (parent instanceof ArrayNode array) {
      int at = name.equals("-") ? array.size() : index(array, name);
      if (at > array.size()) {
        throw refused();
      }
      array.insert(at, value);
    } else {
      throw refused();
    }
  }

  private JsonNode remove(List<String> path) {
    JsonNode there = find(path);
    JsonNode parent = find(path.subList(0, path.size() - 1));
    if (parent instanceof ObjectNode object) {
      object.remove(path.getLast());
    } else if (parent instanceof ArrayNode array) {
      array.remove(index(array, path.getLast()));
    }
    return there;
  }

  /** Negative numbers count from the end, as the API server has it. */
  private static int index(ArrayNode array, String name) {
    try {
      int index = Integer.parseInt(name);
      return index < 0 ? array.size() + index : index;
    } catch (NumberFormatException e) {
      throw refused();
    }
  }

  private static ApiException refused() {
    return new ApiException(
        Status.failure(
                422, "Invalid", "the server rejected our request due to an error in our request")
            .withDetails(Status.Details.EMPTY));
  }
}
