package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.status.Status.Cause;
import java.util.ArrayList;
import java.util.List;

/**
 * What the OpenAPI schema of a custom resource does to an object: unknown fields are pruned,
 * defaults filled in, values checked. Knows types, required, enum, minimum, maximum, lengths,
 * pattern; not CEL.
 */
final class StructuralSchema {
  private final List<String> unknown = new ArrayList<>();
  private final List<Cause> errors = new ArrayList<>();

  /** Fields that were dropped, and what is wrong with the rest. */
  record Findings(List<String> unknownFields, List<Cause> errors) {}

  /** Changes {@code object} in place; kind, apiVersion and metadata are not looked at. */
  static Findings apply(ObjectNode schema, ObjectNode object) {
    StructuralSchema walk = new StructuralSchema();
    if (!schema.isEmpty()) {
      walk.visit(schema, object, "", true);
    }
    return new Findings(List.copyOf(walk.unknown), List.copyOf(walk.errors));
  }

  private void visit(JsonNode schema, JsonNode value, String path, boolean root) {
    String type = Json.string(schema, "type");
    if (value.isNull() && Json.isTrue(schema, "nullable")) {
      return;
    }
    if (Json.isTrue(schema, "x-kubernetes-int-or-string")) {
      if (!value.isTextual() && !value.isIntegralNumber()) {
        wrongType(path, "integer,string", value);
      }
      return;
    }
    switch (type) {
      case "object" -> {
        if (value instanceof ObjectNode object) {
          object(schema, object, path, root);
        } else {
          wrongType(path, type, value);
        }
      }
      case "array" -> {
        if (value instanceof ArrayNode array) {
          JsonNode items = Json.at(schema, "items");
          for (int i = 0; items != null && i < array.size(); i++) {
            visit(items, array.get(i), path + "[" + i + "]", false);
          }
        } else {
          wrongType(path, type, value);
        }
      }
      case "integer" -> number(schema, value, path, type, value.isIntegralNumber());
      case "number" -> number(schema, value, path, type, value.isNumber());
      case "boolean" -> {
        if (!value.isBoolean()) {
          wrongType(path, type, value);
        }
      }
      case "string" -> {
        if (value.isTextual()) {
          text(schema, value.asText(), path);
        } else {
          wrongType(path, type, value);
        }
      }
      default -> {}
    }
    enumeration(schema, value, path);
  }

  private void object(JsonNode schema, ObjectNode object, String path, boolean root) {
    JsonNode properties = Json.at(schema, "properties");
    JsonNode additional = Json.at(schema, "additionalProperties");
    boolean preserve =
        Json.isTrue(schema, "x-kubernetes-preserve-unknown-fields")
            || (additional != null && additional.isBoolean() && additional.asBoolean());
    if (Json.isTrue(schema, "x-kubernetes-embedded-resource")) {
      preserve = true;
    }
    if (properties != null) {
      properties.forEachEntry((name, property) -> {
        JsonNode standard = property.get("default");
        JsonNode value = object.get(name);
        if (standard != null
            && (value == null || (value.isNull() && !Json.isTrue(property, "nullable")))) {
          object.set(name, standard.deepCopy());
        }
      });
    }
    for (String name : object.propertyStream().map(java.util.Map.Entry::getKey).toList()) {
      if (root && List.of("kind", "apiVersion", "metadata").contains(name)) {
        continue;
      }
      String at = path.isEmpty() ? name : path + "." + name;
      JsonNode property = properties == null ? null : properties.get(name);
      JsonNode value = object.get(name);
      if (property != null) {
        if (value.isNull() && !Json.isTrue(property, "nullable")) {
          object.remove(name);
        } else {
          visit(property, value, at, false);
        }
      } else if (additional != null && additional.isObject()) {
        visit(additional, value, at, false);
      } else if (!preserve) {
        unknown.add(at);
        object.remove(name);
      }
    }
    for (String required : Json.strings(schema, "required")) {
      if (!object.has(required) && !(root && required.equals("metadata"))) {
        errors.add(
            new Cause(
                "FieldValueRequired",
                "Required value",
                path.isEmpty() ? required : path + "." + required));
      }
    }
  }

  private void number(JsonNode schema, JsonNode value, String path, String type, boolean fits) {
    if (!fits) {
      wrongType(path, type, value);
      return;
    }
    JsonNode minimum = Json.at(schema, "minimum");
    if (minimum != null && value.asDouble() < minimum.asDouble()) {
      invalid(
          path,
          value.asText(),
          path + " in body should be greater than or equal to " + minimum.asText());
    }
    JsonNode maximum = Json.at(schema, "maximum");
    if (maximum != null && value.asDouble() > maximum.asDouble()) {
      invalid(
          path,
          value.asText(),
          path + " in body should be less than or equal to " + maximum.asText());
    }
  }

  private void text(JsonNode schema, String value, String path) {
    String pattern = Json.string(schema, "pattern");
    if (!pattern.isEmpty() && !java.util.regex.Pattern.compile(pattern).matcher(value).find()) {
      invalid(path, "\"" + value + "\"", path + " in body should match '" + pattern + "'");
    }
    JsonNode longest = Json.at(schema, "maxLength");
    if (longest != null && value.length() > longest.asInt()) {
      errors.add(
          new Cause(
              "FieldValueTooLong",
              "Too long: may not be more than " + longest.asInt() + " bytes",
              path));
    }
    JsonNode shortest = Json.at(schema, "minLength");
    if (shortest != null && value.length() < shortest.asInt()) {
      invalid(
          path,
          "\"" + value + "\"",
          path + " in body should be at least " + shortest.asInt() + " chars long");
    }
  }

  private void enumeration(JsonNode schema, JsonNode value, String path) {
    JsonNode allowed = Json.at(schema, "enum");
    if (allowed == null) {
      return;
    }
    List<String> names = new ArrayList<>();
    for (JsonNode each : allowed) {
      if (each.equals(value)) {
        return;
      }
      names.add(each.toString());
    }
    errors.add(
        new Cause(
            "FieldValueNotSupported",
            "Unsupported value: " + value + ": supported values: " + String.join(", ", names),
            path));
  }

  private void invalid(String path, String value, String why) {
    errors.add(new Cause("FieldValueInvalid", "Invalid value: " + value + ": " + why, path));
  }

  private void wrongType(String path, String wanted, JsonNode value) {
    String found =
        switch (value.getNodeType()) {
          case STRING -> "string";
          case NUMBER -> value.isIntegralNumber() ? "integer" : "number";
          case BOOLEAN -> "boolean";
          case ARRAY -> "array";
          case OBJECT -> "object";
          case NULL, MISSING, BINARY, POJO -> "null";
        };
    errors.add(
        new Cause(
            "FieldValueTypeInvalid",
            "Invalid value: \""
                + found
                + "\": "
                + path
                + " in body must be of type "
                + wanted
                + ": \""
                + found
                + "\"",
            path));
  }

  /** Objects without a schema of ours are written with their keys sorted, as Go writes maps. */
  static JsonNode sorted(JsonNode node) {
    if (node instanceof ObjectNode object) {
      ObjectNode out = Json.object();
      object
          .propertyStream()
          .sorted(java.util.Map.Entry.comparingByKey())
          .forEach(e -> out.set(e.getKey(), sorted(e.getValue())));
      return out;
    }
    if (node instanceof ArrayNode array) {
      ArrayNode out = Json.array();
      array.forEach(each -> out.add(sorted(each)));
      return out;
    }
    return node;
  }
}
