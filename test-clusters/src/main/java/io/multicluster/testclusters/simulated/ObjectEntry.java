package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.Schema.Message;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An object that somebody wrote through the API, kept as a JSON tree. */
final class ObjectEntry implements Entry {
  private final @Nullable Message schema;
  private final ObjectNode object;
  private final long resourceVersion;
  private final Map<String, String> labels;
  private byte @Nullable [] message;

  /**
   * Takes over {@code object} and writes the resourceVersion into it.
   *
   * @param schema null for custom resources
   */
  ObjectEntry(@Nullable Message schema, ObjectNode object, long resourceVersion) {
    this.schema = schema;
    this.object = object;
    this.resourceVersion = resourceVersion;
    Json.child(object, "metadata").put("resourceVersion", Long.toString(resourceVersion));
    this.labels = Json.texts(object, "metadata", "labels");
    ObjectNode normal =
        schema == null
            ? (ObjectNode) StructuralSchema.sorted(object)
            : Canonical.of(schema, object).object();
    object.removeAll();
    object.setAll(normal);
  }

  @Override
  public String namespace() {
    return Json.string(object, "metadata", "namespace");
  }

  @Override
  public String name() {
    return Json.string(object, "metadata", "name");
  }

  @Override
  public String uid() {
    return Json.string(object, "metadata", "uid");
  }

  @Override
  public long resourceVersion() {
    return resourceVersion;
  }

  @Override
  public Map<String, String> labels() {
    return labels;
  }

  @Override
  public ObjectNode object() {
    return object;
  }

  @Override
  public synchronized byte[] message() {
    byte[] bytes = message;
    if (bytes == null) {
      bytes = ProtobufCodec.encode(Objects.requireNonNull(schema), object);
      message = bytes;
    }
    return bytes;
  }

  @Override
  public int messageLength() {
    return message().length;
  }

  @Override
  public Entry at(long newResourceVersion) {
    return new ObjectEntry(schema, object.deepCopy(), newResourceVersion);
  }
}
