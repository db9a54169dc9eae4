package io.multicluster.authn.review;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The JSON that all reviews share. */
final class Reviews {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private Reviews() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** Sends a review and gives the {@code status} of the answer. */
  static JsonNode ask(ReviewClient client, String path, String group, String kind, ObjectNode spec)
      throws IOException {
    ObjectNode review = object().put("apiVersion", group + "/v1").put("kind", kind);
    review.set("spec", spec);
    JsonNode status =
        JSON.readTree(client.create(path, JSON.writeValueAsBytes(review))).path("status");
    if (!status.isObject()) {
      throw new IOException("the answer to a " + kind + " has no status");
    }
    return status;
  }

  static void putUnlessEmpty(ObjectNode object, String key, String value) {
    if (!value.isEmpty()) {
      object.put(key, value);
    }
  }

  static ArrayNode array(Collection<String> values) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    values.forEach(array::add);
    return array;
  }

  static List<String> strings(JsonNode array) {
    List<String> values = new ArrayList<>(array.size());
    array.forEach(value -> values.add(value.asText()));
    return values;
  }

  static Map<String, List<String>> extra(JsonNode object) {
    Map<String, List<String>> extra = new LinkedHashMap<>();
    object.properties().forEach(entry -> extra.put(entry.getKey(), strings(entry.getValue())));
    return extra;
  }
}
