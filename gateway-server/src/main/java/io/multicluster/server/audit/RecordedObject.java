package io.multicluster.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.multicluster.wire.json.JsonKind;
import io.multicluster.wire.json.JsonTranscoder;
import io.multicluster.wire.json.KubernetesTypes;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Bodies as they stand in events: JSON, whatever form they were sent in. */
final class RecordedObject {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final YAMLMapper YAML = new YAMLMapper();

  private RecordedObject() {}

  /**
   * @param contentType with or without parameters; empty means JSON
   * @return null if the body can't be shown as JSON: empty, of another form or kind, or broken
   */
  static @Nullable JsonNode read(byte[] body, String contentType) {
    if (body.length == 0) {
      return null;
    }
    try {
      String type = contentType.split(";", 2)[0].strip();
      return switch (type) {
        case "application/vnd.kubernetes.protobuf" -> protobuf(body);
        case "application/apply-patch+yaml", "application/yaml" -> present(YAML.readTree(body));
        default -> type.isEmpty() || type.endsWith("json") ? present(JSON.readTree(body)) : null;
      };
    } catch (IOException | MalformedProtoException broken) {
      return null;
    }
  }

  private static @Nullable JsonNode present(@Nullable JsonNode node) {
    return node == null || node.isMissingNode() ? null : node;
  }

  private static @Nullable JsonNode protobuf(byte[] body) throws IOException {
    Envelope.Content content = Envelope.open(body, 0, body.length);
    JsonKind kind = KubernetesTypes.kind(content.apiVersion(), content.kind());
    if (kind == null) {
      return null;
    }
    ByteBuf out = Unpooled.buffer(body.length * 2);
    new JsonTranscoder(new LongAdder())
        .plain(kind, body, content.rawStart(), content.rawEnd())
        .writeObject(out);
    return JSON.readTree(ByteBufUtil.getBytes(out));
  }

  static byte[] bytes(JsonNode node) {
    try {
      return JSON.writeValueAsBytes(node);
    } catch (IOException e) {
      throw new IllegalStateException("JSON in memory can be written", e);
    }
  }

  /** Takes {@code managedFields} off an object, or off the items of a list. */
  static void dropManagedFields(JsonNode object) {
    if (object.path("metadata") instanceof ObjectNode metadata) {
      metadata.remove("managedFields");
    }
    for (JsonNode item : object.path("items")) {
      if (item.path("metadata") instanceof ObjectNode metadata) {
        metadata.remove("managedFields");
      }
    }
  }

  /** Whether this is a {@code v1 Status}, the answer that is no object. */
  static boolean isStatus(JsonNode object) {
    return object.path("kind").asText().equals("Status")
        && object.path("apiVersion").asText().equals("v1");
  }
}
