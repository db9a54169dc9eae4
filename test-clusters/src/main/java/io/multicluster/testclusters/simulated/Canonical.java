package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.Schema.Field;
import io.multicluster.testclusters.simulated.Schema.Message;
import io.multicluster.testclusters.simulated.Schema.Shape;
import io.multicluster.wire.status.ApiException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/**
 * The one JSON form of a built-in object: what kube-apiserver's encoder would write after decoding
 * the input. Fields in declaration order, map keys sorted, zero values left out where Go leaves
 * them out and written where Go writes them, unknown fields dropped.
 */
final class Canonical {
  static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss'Z'").withZone(ZoneOffset.UTC);
  static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final String kind;
  private final List<String> unknown = new ArrayList<>();

  private Canonical(String kind) {
    this.kind = kind;
  }

  /**
   * An object in normal form, and what was dropped from it.
   *
   * @param unknownFields paths such as {@code spec.replica}
   */
  record Result(ObjectNode object, List<String> unknownFields) {}

  /** Kind and apiVersion are kept in front if they are there. */
  static Result of(Message message, ObjectNode in) {
    Canonical canonical = new Canonical(Json.string(in, "kind"));
    ObjectNode out = Json.object();
    for (String name : List.of("kind", "apiVersion")) {
      if (in.has(name)) {
        out.set(name, in.get(name));
      }
    }
    canonical.fill(message, in, out, "");
    canonical.findUnknown(message, in, "");
    return new Result(out, List.copyOf(canonical.unknown));
  }

  private ObjectNode message(Message message, JsonNode in, String path) {
    if (!(in instanceof ObjectNode object)) {
      throw mismatch(in, path, "struct");
    }
    ObjectNode out = Json.object();
    fill(message, object, out, path);
    findUnknown(message, object, path);
    return out;
  }

  private void findUnknown(Message message, ObjectNode in, String path) {
    in.forEachEntry((name, value) -> {
      boolean typeMeta = path.isEmpty() && (name.equals("kind") || name.equals("apiVersion"));
      if (!typeMeta && message.named(name) == null) {
        unknown.add(path + name);
      }
    });
  }

  private void fill(Message message, ObjectNode in, ObjectNode out, String path) {
    for (Field field : message.fields()) {
      if (field.inline()) {
        fill(field.requireMessage(), in, out, path);
        continue;
      }
      JsonNode value = in.get(field.name());
      boolean absent = value == null || value.isNull();
      String at = path + field.name();
      switch (field.shape()) {
        case ONE -> {
          if (!absent) {
            JsonNode normal = one(field, value, at);
            if (field.optional() || !field.nonzero() || !isZero(normal)) {
              out.set(field.name(), normal);
            }
          } else if (!field.optional() && !field.nonzero()) {
            out.set(field.name(), zero(field, at));
          } else if (field.optional() && !field.nonzero()) {
            out.putNull(field.name());
          }
        }
        case LIST -> {
          ArrayNode list = Json.array();
          if (!absent) {
            if (!(value instanceof ArrayNode array)) {
              throw mismatch(value, at, "[]" + field.kind());
            }
            for (int i = 0; i < array.size(); i++) {
              list.add(one(field, array.get(i), at + "[" + i + "]"));
            }
          }
          put(field, list, out);
        }
        case MAP -> {
          ObjectNode map = Json.object();
          if (!absent) {
            if (!(value instanceof ObjectNode object)) {
              throw mismatch(value, at, "map[string]" + field.kind());
            }
            object
                .propertyStream()
                .sorted(java.util.Map.Entry.comparingByKey())
                .forEach(e -> map.set(e.getKey(), one(field, e.getValue(), at)));
          }
          put(field, map, out);
        }
      }
    }
  }

  /** Empty lists and maps come back from storage as nothing: {@code null} where Go writes them. */
  private static void put(Field field, JsonNode container, ObjectNode out) {
    if (!container.isEmpty()) {
      out.set(field.name(), container);
    } else if (!field.nonzero()) {
      out.putNull(field.name());
    }
  }

  private JsonNode zero(Field field, String at) {
    return switch (field.kind()) {
      case STRING, BYTES -> Json.text("");
      case BOOL -> Json.bool(false);
      case INT32, INT64, DOUBLE, INT_OR_STRING -> Json.number(0);
      case QUANTITY -> Json.text("0");
      case DURATION -> Json.text("0s");
      case TIME, MICRO_TIME, FIELDS_V1, RAW_EXTENSION, JSON, SCHEMA_OR_OTHER, STRING_LIST ->
          Json.nothing();
      case MESSAGE -> message(field.requireMessage(), Json.object(), at + ".");
    };
  }

  private static boolean isZero(JsonNode node) {
    return switch (node.getNodeType()) {
      case STRING -> node.asText().isEmpty();
      case NUMBER -> node.isIntegralNumber() && node.asLong() == 0;
      case BOOLEAN -> !node.asBoolean();
      case NULL, MISSING -> true;
      case ARRAY, OBJECT, BINARY, POJO -> node.isEmpty();
    };
  }

  private JsonNode one(Field field, JsonNode in, String at) {
    if (in.isNull() && field.shape() != Shape.ONE) {
      // Go decodes null elements as zero values.
      return zero(field, at);
    }
    return switch (field.kind()) {
      case STRING -> {
        if (!in.isTextual()) {
          throw mismatch(in, at, "string");
        }
        yield in;
      }
      case BYTES -> {
        if (!in.isTextual()) {
          throw mismatch(in, at, "[]uint8");
        }
        try {
          yield Json.text(
              java.util.Base64.getEncoder()
                  .encodeToString(java.util.Base64.getDecoder().decode(in.asText())));
        } catch (IllegalArgumentException e) {
          throw cannotDecode("illegal base64 data in " + at);
        }
      }
      case BOOL -> {
        if (!in.isBoolean()) {
          throw mismatch(in, at, "bool");
        }
        yield in;
      }
      case INT32, INT64 -> {
        boolean fits =
            in.isIntegralNumber()
                && (field.kind() == Schema.Kind.INT64
                    ? in.canConvertToLong()
                    : in.canConvertToInt());
        if (!fits) {
          throw mismatch(in, at, field.kind() == Schema.Kind.INT64 ? "int64" : "int32");
        }
        yield Json.number(in.asLong());
      }
      case TIME -> time(in, at, SECONDS);
      case MICRO_TIME -> time(in, at, MICROS);
      case QUANTITY -> Json.text(in.asText());
      case INT_OR_STRING ->
          in.isIntegralNumber() ? Json.number(in.asLong()) : Json.text(in.asText());
      case DOUBLE -> {
        if (!in.isNumber()) {
          throw mismatch(in, at, "float64");
        }
        yield in;
      }
      case SCHEMA_OR_OTHER ->
          in.isObject()
              ? message(
                  Schema.message(
                      "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"),
                  in,
                  at + ".")
              : in;
      case JSON -> StructuralSchema.sorted(in);
      case DURATION, FIELDS_V1, RAW_EXTENSION, STRING_LIST -> in;
      case MESSAGE -> message(field.requireMessage(), in, at + ".");
    };
  }

  private JsonNode time(JsonNode in, String at, DateTimeFormatter format) {
    try {
      Instant instant = OffsetDateTime.parse(in.asText()).toInstant();
      return Json.text(format.format(instant));
    } catch (DateTimeException e) {
      throw cannotDecode("parsing time \"" + in.asText() + "\" as RFC 3339 in " + at);
    }
  }

  private ApiException mismatch(JsonNode in, String at, String wanted) {
    String found =
        switch (in.getNodeType()) {
          case ARRAY -> "array";
          case BOOLEAN -> "bool";
          case NUMBER -> "number";
          case OBJECT -> "object";
          case STRING -> "string";
          case NULL, BINARY, MISSING, POJO -> "null";
        };
    return cannotDecode(
        "json: cannot unmarshal "
            + found
            + " into Go struct field "
            + kind
            + "."
            + at
            + " of type "
            + wanted);
  }

  private ApiException cannotDecode(String why) {
    return ApiException.badRequest(
        kind + " in version \"v1\" cannot be handled as a " + kind + ": " + why);
  }
}
