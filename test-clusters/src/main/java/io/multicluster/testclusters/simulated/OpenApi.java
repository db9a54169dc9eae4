package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.Schema.Field;
import io.multicluster.testclusters.simulated.Schema.Message;
import io.multicluster.testclusters.simulated.Schema.Shape;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** OpenAPI documents of the kinds served: names and types, without descriptions. */
final class OpenApi {
  private final Discovery discovery;

  OpenApi(Discovery discovery) {
    this.discovery = discovery;
  }

  /** The list of documents, each with the hash of its content. */
  ObjectNode index() {
    ObjectNode index = Json.object();
    ObjectNode paths = index.putObject("paths");
    for (String groupVersion : discovery.groupVersions().keySet()) {
      paths
          .putObject(groupVersion)
          .put(
              "serverRelativeURL",
              "/openapi/v3/" + groupVersion + "?hash=" + hash(Json.bytes(document(groupVersion))));
    }
    return index;
  }

  static String hash(byte[] content) {
    try {
      return HexFormat.of()
          .withUpperCase()
          .formatHex(MessageDigest.getInstance("SHA-512").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The v3 document of one group version. */
  ObjectNode document(String groupVersion) {
    List<ResourceType> types = discovery.groupVersions().get(groupVersion);
    if (types == null) {
      throw io.multicluster.wire.status.ApiException.noSuchResource();
    }
    ObjectNode document = Json.object();
    document.put("openapi", "3.0.0");
    document.putObject("info").put("title", "Kubernetes").put("version", "unversioned");
    ObjectNode paths = document.putObject("paths");
    types.forEach(type -> paths(type, paths, true));
    document.putObject("components").set("schemas", schemas(types, "#/components/schemas/"));
    return document;
  }

  /** The v2 document of everything. */
  ObjectNode swagger() {
    ObjectNode document = Json.object();
    document.put("swagger", "2.0");
    document.putObject("info").put("title", "Kubernetes").put("version", "unversioned");
    ObjectNode paths = document.putObject("paths");
    List<ResourceType> all =
        discovery.groupVersions().values().stream().flatMap(List::stream).toList();
    all.forEach(type -> paths(type, paths, false));
    document.set("definitions", schemas(all, "#/definitions/"));
    return document;
  }

  private static void paths(ResourceType type, ObjectNode paths, boolean v3) {
    String base =
        (type.group().isEmpty() ? "/api/" : "/apis/")
            + type.apiVersion()
            + (type.namespaced() ? "/namespaces/{namespace}/" : "/")
            + type.plural();
    if (type.verbs().contains("create")) {
      paths.putObject(base).set("post", operation(type, "post", v3));
    }
    if (type.verbs().contains("patch")) {
      ObjectNode item = paths.putObject(base + "/{name}");
      item.set("get", operation(type, "get", v3));
      item.set("put", operation(type, "put", v3));
      item.set("patch", operation(type, "patch", v3));
      item.set("delete", operation(type, "delete", v3));
    }
  }

  private static ObjectNode operation(ResourceType type, String verb, boolean v3) {
    ObjectNode operation = Json.object();
    operation.put("operationId", verb + type.kind() + type.group() + type.version());
    if (!verb.equals("get") && !verb.equals("delete")) {
      var parameters = operation.putArray("parameters");
      for (String name : List.of("dryRun", "fieldManager", "fieldValidation")) {
        ObjectNode parameter = parameters.addObject();
        parameter.put("name", name).put("in", "query");
        if (v3) {
          parameter.putObject("schema").put("type", "string");
        } else {
          parameter.put("type", "string").put("uniqueItems", true);
        }
      }
    }
    ObjectNode ok = operation.putObject("responses").putObject("200").put("description", "OK");
    // Whoever cuts the document to some paths finds by this which schemas belong to them.
    if (v3) {
      Json.child(Json.child(ok, "content"), "application/json")
          .putObject("schema")
          .put("$ref", "#/components/schemas/" + schemaName(type));
    } else {
      ok.putObject("schema").put("$ref", "#/definitions/" + schemaName(type));
    }
    operation.put("x-kubernetes-action", verb);
    operation.set("x-kubernetes-group-version-kind", groupVersionKind(type));
    return operation;
  }

  private static ObjectNode groupVersionKind(ResourceType type) {
    return Json.object()
        .put("group", type.group())
        .put("kind", type.kind())
        .put("version", type.version());
  }

  private static ObjectNode schemas(List<ResourceType> types, String prefix) {
    Map<String, ObjectNode> schemas = new TreeMap<>();
    for (ResourceType type : types) {
      if (type.custom() == null) {
        Message root = java.util.Objects.requireNonNull(type.message());
        root.forEachReachable(m -> schemas.computeIfAbsent(m.name(), n -> schema(m, prefix)));
        ObjectNode schema = java.util.Objects.requireNonNull(schemas.get(root.name()));
        typeMeta(schema);
        addKind(schema, type);
      } else {
        Message meta = Schema.message(Schema.META + "ObjectMeta");
        meta.forEachReachable(m -> schemas.computeIfAbsent(m.name(), n -> schema(m, prefix)));
        ObjectNode schema = type.custom().schema().deepCopy();
        schema.put("type", "object");
        typeMeta(schema);
        Json.child(schema, "properties").set("metadata", reference(meta, prefix));
        addKind(schema, type);
        schemas.put(customName(type), schema);
      }
    }
    // Clients look these up whatever the document is about.
    for (String always : List.of("DeleteOptions", "Status")) {
      Schema.message(Schema.META + always)
          .forEachReachable(m -> schemas.computeIfAbsent(m.name(), n -> schema(m, prefix)));
    }
    ObjectNode out = Json.object();
    schemas.forEach(out::set);
    return out;
  }

  private static String schemaName(ResourceType type) {
    return type.custom() == null
        ? java.util.Objects.requireNonNull(type.message()).name()
        : customName(type);
  }

  private static String customName(ResourceType type) {
    List<String> labels = new java.util.ArrayList<>(List.of(type.group().split("\\.", -1)));
    java.util.Collections.reverse(labels);
    return String.join(".", labels) + "." + type.version() + "." + type.kind();
  }

  private static void typeMeta(ObjectNode schema) {
    ObjectNode properties = Json.child(schema, "properties");
    properties.putObject("apiVersion").put("type", "string");
    properties.putObject("kind").put("type", "string");
  }

  private static void addKind(ObjectNode schema, ResourceType type) {
    var kinds =
        schema.get("x-kubernetes-group-version-kind")
                instanceof com.fasterxml.jackson.databind.node.ArrayNode array
            ? array
            : schema.putArray("x-kubernetes-group-version-kind");
    ObjectNode kind = groupVersionKind(type);
    for (JsonNode each : kinds) {
      if (each.equals(kind)) {
        return;
      }
    }
    kinds.add(kind);
  }

  private static ObjectNode schema(Message message, String prefix) {
    ObjectNode schema = Json.object();
    schema.put("type", "object");
    properties(message, Json.child(schema, "properties"), prefix);
    return schema;
  }

  private static void properties(Message message, ObjectNode properties, String prefix) {
    for (Field field : message.fields()) {
      if (field.inline()) {
        properties(field.requireMessage(), properties, prefix);
        continue;
      }
      ObjectNode property = value(field, prefix);
      switch (field.shape()) {
        case ONE -> {}
        case LIST -> {
          ObjectNode list = Json.object();
          list.put("type", "array").set("items", property);
          property = list;
        }
        case MAP -> {
          ObjectNode map = Json.object();
          map.put("type", "object").set("additionalProperties", property);
          property = map;
        }
      }
      if (field.merge() && field.shape() == Shape.LIST) {
        property.put("x-kubernetes-patch-strategy", "merge");
        Json.putNonEmpty(property, "x-kubernetes-patch-merge-key", field.mergeKey());
      }
      if (field.shape() == Shape.LIST) {
        Schema.Topology topology = field.topology();
        property.put(
            "x-kubernetes-list-type",
            topology.set() ? "set" : topology.keys().isEmpty() ? "atomic" : "map");
        if (!topology.keys().isEmpty()) {
          property.set("x-kubernetes-list-map-keys", Json.array(topology.keys()));
        }
      }
      properties.set(field.name(), property);
    }
  }

  private static ObjectNode reference(Message message, String prefix) {
    return Json.object().put("$ref", prefix + message.name());
  }

  private static ObjectNode value(Field field, String prefix) {
    ObjectNode type = Json.object();
    switch (field.kind()) {
      case MESSAGE -> {
        return reference(field.requireMessage(), prefix);
      }
      case STRING, QUANTITY, DURATION -> type.put("type", "string");
      case BOOL -> type.put("type", "boolean");
      case INT32 -> type.put("type", "integer").put("format", "int32");
      case INT64 -> type.put("type", "integer").put("format", "int64");
      case DOUBLE -> type.put("type", "number").put("format", "double");
      case BYTES -> type.put("type", "string").put("format", "byte");
      case TIME, MICRO_TIME -> type.put("type", "string").put("format", "date-time");
      case INT_OR_STRING -> type.put("type", "string").put("format", "int-or-string");
      case STRING_LIST ->
          type.put("type", "array").set("items", Json.object().put("type", "string"));
      case FIELDS_V1, RAW_EXTENSION -> type.put("type", "object");
      case JSON, SCHEMA_OR_OTHER -> {}
    }
    return type;
  }
}
