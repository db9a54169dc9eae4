package io.multicluster.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.negotiate.Format;
import io.multicluster.wire.negotiate.Negotiator;
import io.multicluster.wire.negotiate.PatchType;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The body of an update or patch, and the same one tied to a resourceVersion: the API server
 * answers 409 if the object has another by then.
 */
sealed interface ConditionalBody {

  /** The resourceVersion that the client itself insists on; null if none. */
  @Nullable String claimed();

  /** The body for an object in exactly this state. */
  byte[] onlyIf(String resourceVersion);

  /** Whether the body makes the object if there is none. */
  default boolean creates() {
    return false;
  }

  /**
   * @throws ApiException 400 or 415
   */
  static ConditionalBody of(RequestInfo info, @Nullable String contentType, byte[] body) {
    try {
      if (!info.verb().equals("patch")) {
        return switch (Negotiator.body(contentType)) {
          case Format.JSON -> json(body);
          case Format.YAML -> new Yaml(YamlMetadata.find(body), false);
          case Format.PROTOBUF -> protobuf(body);
        };
      }
      return switch (PatchType.of(contentType, true)) {
        case JSON -> new JsonPatch(body);
        case MERGE, STRATEGIC_MERGE -> json(body);
        case APPLY -> new Yaml(YamlMetadata.find(body), true);
      };
    } catch (IOException | MalformedProtoException e) {
      throw ApiException.badRequest("the body can't be read: " + e.getMessage());
    }
  }

  private static ConditionalBody json(byte[] body) throws IOException {
    KubeObject object = KubeObject.parse(body);
    JsonNode metadata = object.root().get("metadata");
    if (metadata != null && (!metadata.isObject() || metadata.has("$patch"))) {
      throw new IOException("metadata is to be an object without directives");
    }
    return new Json(object);
  }

  private static ConditionalBody protobuf(byte[] body) {
    Envelope.Content content = Envelope.open(body, 0, body.length);
    String version = "";
    ProtoReader object = new ProtoReader(body, content.rawStart(), content.rawEnd());
    while (object.next()) {
      if (object.field() == 1) {
        ProtoReader metadata = object.message();
        while (metadata.next()) {
          if (metadata.field() == 6) {
            version = metadata.string();
          }
        }
      }
    }
    return new Protobuf(body, content, version);
  }

  private static @Nullable String claim(@Nullable String version) {
    return version == null || version.isEmpty() || version.equals("0") ? null : version;
  }

  /** An object, or a patch that has its shape. */
  record Json(KubeObject object) implements ConditionalBody {
    @Override
    public @Nullable String claimed() {
      return claim(object.resourceVersion());
    }

    @Override
    public byte[] onlyIf(String resourceVersion) {
      ObjectNode copy = object.root().deepCopy();
      copy.withObjectProperty("metadata").put("resourceVersion", resourceVersion);
      return copy.toString().getBytes(StandardCharsets.UTF_8);
    }
  }

  /** RFC 6902. The condition comes last, so nothing in the patch undoes it. */
  final class JsonPatch implements ConditionalBody {
    private static final String VERSION = "/metadata/resourceVersion";

    private final ArrayNode operations;

    JsonPatch(byte[] body) throws IOException {
      if (!(KubeObject.JSON.readTree(body) instanceof ArrayNode array)) {
        throw new IOException("a JSON patch is a list");
      }
      operations = array;
    }

    @Override
    public @Nullable String claimed() {
      String claimed = null;
      for (JsonNode operation : operations) {
        JsonNode value = operation.path("value");
        switch (operation.path("path").asText()) {
          case VERSION -> claimed = value.asText();
          case "/metadata" -> claimed = value.path("resourceVersion").asText();
          case "" -> claimed = value.at(VERSION).asText();
          default -> {}
        }
      }
      return claim(claimed);
    }

    @Override
    public byte[] onlyIf(String resourceVersion) {
      ArrayNode all = operations.deepCopy();
      all.addObject().put("op", "add").put("path", VERSION).put("value", resourceVersion);
      return all.toString().getBytes(StandardCharsets.UTF_8);
    }
  }

  /** Stays the text that it is, but for one more key. */
  record Yaml(YamlMetadata text, boolean creates) implements ConditionalBody {
    @Override
    public @Nullable String claimed() {
      return claim(text.resourceVersion());
    }

    @Override
    public byte[] onlyIf(String resourceVersion) {
      return text.withResourceVersion(resourceVersion);
    }
  }

  /**
   * Of a field that stands twice in a message the later one counts, and messages that stand twice
   * are merged: the condition is appended.
   */
  record Protobuf(byte[] body, Envelope.Content content, String version)
      implements ConditionalBody {
    @Override
    public @Nullable String claimed() {
      return claim(version);
    }

    @Override
    public byte[] onlyIf(String resourceVersion) {
      ProtoWriter raw =
          new ProtoWriter(body.length + 64)
              .raw(body, content.rawStart(), content.rawEnd())
              .message(1, new ProtoWriter(32).string(6, resourceVersion));
      byte[] magic = {'k', '8', 's', 0};
      return new ProtoWriter(body.length + 96)
          .raw(magic, 0, magic.length)
          .message(1, new ProtoWriter().string(1, content.apiVersion()).string(2, content.kind()))
          .message(2, raw)
          .toByteArray();
    }
  }
}
