package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The JSON paths of CustomResourceDefinitions: {@code .a.b}, {@code ['a.b']}, {@code [0]}, {@code
 * [*]} and {@code [?(@.type=="Ready")]}. Nothing matches what it does not understand.
 */
final class JsonPath {
  private static final Pattern STEP =
      Pattern.compile(
          "\\.((?:\\\\.|[^.\\[\\\\])+)|\\['([^']*)'\\]|\\[\"([^\"]*)\"\\]|\\[(\\d+)\\]|\\[\\*\\]"
              + "|\\[\\?\\(@\\.([\\w.]+)\\s*==\\s*[\"']([^\"']*)[\"']\\)\\]");

  private JsonPath() {}

  static List<JsonNode> find(JsonNode root, String path) {
    List<JsonNode> found = List.of(root);
    Matcher step = STEP.matcher(path);
    int at = 0;
    while (at < path.length()) {
      if (!step.find(at) || step.start() != at) {
        return List.of();
      }
      at = step.end();
      List<JsonNode> next = new ArrayList<>();
      for (JsonNode node : found) {
        step(node, step, next);
      }
      found = next;
    }
    return found;
  }

  private static void step(JsonNode node, Matcher step, List<JsonNode> next) {
    for (int name = 1; name <= 3; name++) {
      if (step.group(name) != null) {
        add(node.get(step.group(name).replace("\\.", ".")), next);
        return;
      }
    }
    if (step.group(4) != null) {
      add(node.get(Integer.parseInt(step.group(4))), next);
    } else if (node instanceof ArrayNode array) {
      for (JsonNode element : array) {
        if (step.group(5) == null
            || Json.string(element, step.group(5).split("\\.", -1)).equals(step.group(6))) {
          add(element, next);
        }
      }
    }
  }

  private static void add(JsonNode node, List<JsonNode> next) {
    if (node != null && !node.isNull()) {
      next.add(node);
    }
  }

  /** The field names of a path made of names only, e.g. {@code .spec.replicas}. */
  static String[] names(String path) {
    return path.replaceFirst("^\\.", "").split("\\.", -1);
  }
}
