package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.Schema.Message;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Objects out of request bodies: JSON, YAML, or protobuf where the kind has it. */
final class RequestBody {
  private static final int LIMIT = 3 << 20;

  private RequestBody() {}

  static void checkSize(ServerRequest request) {
    if (request.body().length > LIMIT) {
      throw ApiException.entityTooLarge("limit is " + LIMIT);
    }
  }

  static String mediaType(ServerRequest request) {
    String type = request.header("content-type");
    int semicolon = type.indexOf(';');
    return (semicolon < 0 ? type : type.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
  }

  /**
   * The object that a body holds, with kind and apiVersion.
   *
   * @param schema of the kind expected; null if it has no protobuf form
   */
  static ObjectNode object(ServerRequest request, @Nullable Message schema) {
    return switch (mediaType(request)) {
      case "", "application/json" -> Json.requireObject(json(request.body()), "the body");
      case "application/yaml" -> Json.requireObject(yaml(request.body()), "the body");
      case "application/vnd.kubernetes.protobuf" -> {
        if (schema == null) {
          throw unsupported("application/json, application/yaml");
        }
        yield protobuf(request.body(), schema);
      }
      default ->
          throw unsupported(
              "application/json, application/yaml"
                  + (schema == null ? "" : ", application/vnd.kubernetes.protobuf"));
    };
  }

  private static ObjectNode protobuf(byte[] body, Message schema) {
    try {
      ProtobufCodec.Unknown unknown = ProtobufCodec.open(body);
      ObjectNode object = Json.object();
      object.put("kind", unknown.kind()).put("apiVersion", unknown.apiVersion());
      object.setAll(ProtobufCodec.decode(schema, unknown.message()));
      return object;
    } catch (MalformedProtoException e) {
      throw ApiException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  static JsonNode json(byte[] body) {
    try {
      return Json.parse(body);
    } catch (JsonProcessingException e) {
      throw ApiException.badRequest(
          "couldn't get version/kind; json parse error: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw ApiException.badRequest("couldn't read the body: " + e.getMessage());
    }
  }

  static JsonNode yaml(byte[] body) {
    try {
      return Json.parseYaml(body);
    } catch (IOException e) {
      throw ApiException.badRequest("error decoding YAML: " + e.getMessage());
    }
  }

  static ApiException unsupported(String accepted) {
    return new ApiException(
        Status.failure(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
                + accepted));
  }
}
