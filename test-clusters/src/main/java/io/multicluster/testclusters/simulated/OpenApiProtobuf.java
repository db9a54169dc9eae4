package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.ProtobufCodec.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * OpenAPI v2 documents in protobuf (gnostic's {@code openapi.v2.Document}), the only form that
 * client-go reads. Knows what {@link OpenApi} writes; extensions travel as YAML text.
 */
final class OpenApiProtobuf {
  static final String ACCEPTED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  static final String MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
  private static final Map<String, Integer> OPERATIONS =
      Map.of("get", 2, "put", 3, "post", 4, "delete", 5, "patch", 8);

  private OpenApiProtobuf() {}

  static byte[] encode(ObjectNode document) {
    Writer out = new Writer();
    out.string(1, Json.string(document, "swagger"));
    Writer info = new Writer();
    info.string(1, Json.string(document, "info", "title"));
    info.string(2, Json.string(document, "info", "version"));
    out.bytes(2, info.toByteArray());
    Writer paths = new Writer();
    document
        .path("paths")
        .forEachEntry((path, item) -> paths.bytes(2, named(path, pathItem(item))));
    out.bytes(8, paths.toByteArray());
    Writer definitions = new Writer();
    document
        .path("definitions")
        .forEachEntry((name, schema) -> definitions.bytes(1, named(name, schema(schema))));
    out.bytes(9, definitions.toByteArray());
    return out.toByteArray();
  }

  private static byte[] named(String name, byte[] value) {
    Writer named = new Writer();
    named.string(1, name);
    named.bytes(2, value);
    return named.toByteArray();
  }

  private static byte[] pathItem(JsonNode item) {
    Writer out = new Writer();
    OPERATIONS.forEach((verb, number) -> {
      JsonNode operation = item.get(verb);
      if (operation != null) {
        out.bytes(number, operation(operation));
      }
    });
    return out.toByteArray();
  }

  private static byte[] operation(JsonNode operation) {
    Writer out = new Writer();
    out.string(5, Json.string(operation, "operationId"));
    for (JsonNode parameter : Json.elements(operation, "parameters")) {
      Writer query = new Writer();
      query.string(2, "query");
      query.string(4, Json.string(parameter, "name"));
      query.string(6, Json.string(parameter, "type"));
      query.number(20, 1);
      out.bytes(8, nested(1, nested(2, nested(3, query.toByteArray()))));
    }
    Writer responses = new Writer();
    operation
        .path("responses")
        .forEachEntry((code, response) -> {
          Writer description = new Writer();
          description.string(1, Json.string(response, "description"));
          responses.bytes(1, named(code, nested(1, description.toByteArray())));
        });
    out.bytes(9, responses.toByteArray());
    extensions(operation, 13, out);
    return out.toByteArray();
  }

  private static byte[] nested(int number, byte[] value) {
    Writer out = new Writer();
    out.bytes(number, value);
    return out.toByteArray();
  }

  private static byte[] schema(JsonNode schema) {
    Writer out = new Writer();
    text(schema, "$ref", 1, out);
    text(schema, "format", 2, out);
    text(schema, "description", 4, out);
    for (String required : Json.strings(schema, "required")) {
      out.string(19, required);
    }
    JsonNode additional = Json.at(schema, "additionalProperties");
    if (additional != null) {
      if (additional.isObject()) {
        out.bytes(21, nested(1, schema(additional)));
      } else {
        Writer allowed = new Writer();
        allowed.number(2, additional.asBoolean() ? 1 : 0);
        out.bytes(21, allowed.toByteArray());
      }
    }
    String type = Json.string(schema, "type");
    if (!type.isEmpty()) {
      out.bytes(22, nested(1, type.getBytes(StandardCharsets.UTF_8)));
    }
    JsonNode items = Json.at(schema, "items");
    if (items != null) {
      out.bytes(23, nested(1, schema(items)));
    }
    if (Json.at(schema, "properties") instanceof ObjectNode properties) {
      Writer list = new Writer();
      properties.forEachEntry((name, property) -> list.bytes(1, named(name, schema(property))));
      out.bytes(25, list.toByteArray());
    }
    extensions(schema, 31, out);
    return out.toByteArray();
  }

  private static void text(JsonNode schema, String name, int number, Writer out) {
    String value = Json.string(schema, name);
    if (!value.isEmpty()) {
      out.string(number, value);
    }
  }

  private static void extensions(JsonNode node, int number, Writer out) {
    List<String> names =
        node.propertyStream().map(Map.Entry::getKey).filter(n -> n.startsWith("x-")).toList();
    for (String name : names) {
      out.bytes(number, named(name, nested(2, Json.bytes(node.get(name)))));
    }
  }
}
