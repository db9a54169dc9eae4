package io.multicluster.admission;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.selector.LabelSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An object as a JSON tree, with what rules look at. The tree is not changed once it is here. */
record KubeObject(JsonNode root) {
  /** Refuses keys that stand twice in one object: which of them counts is not for us to guess. */
  static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Who an object belongs to. */
  record Owner(String apiVersion, String kind, String name, String uid) {}

  /**
   * @throws IOException if the bytes are no JSON object
   */
  static KubeObject parse(byte[] json) throws IOException {
    JsonNode root = JSON.readTree(json);
    if (!(root instanceof ObjectNode)) {
      throw new IOException("no JSON object");
    }
    return new KubeObject(root);
  }

  JsonNode metadata() {
    return root.path("metadata");
  }

  JsonNode spec() {
    return root.path("spec");
  }

  String name() {
    return metadata().path("name").asText();
  }

  String namespace() {
    return metadata().path("namespace").asText();
  }

  String uid() {
    return metadata().path("uid").asText();
  }

  String resourceVersion() {
    return metadata().path("resourceVersion").asText();
  }

  LabelSet labels() {
    return key -> text(metadata().path("labels").get(key));
  }

  @Nullable String label(String key) {
    return text(metadata().path("labels").get(key));
  }

  @Nullable String annotation(String key) {
    return text(metadata().path("annotations").get(key));
  }

  boolean terminating() {
    return metadata().hasNonNull("deletionTimestamp");
  }

  boolean hasFinalizers() {
    return !metadata().path("finalizers").isEmpty() || !spec().path("finalizers").isEmpty();
  }

  List<Owner> owners() {
    List<Owner> owners = new ArrayList<>();
    for (JsonNode owner : metadata().path("ownerReferences")) {
      owners.add(owner(owner));
    }
    return owners;
  }

  /** The one that manages this object; null if none does. */
  @Nullable Owner controller() {
    for (JsonNode owner : metadata().path("ownerReferences")) {
      if (owner.path("controller").asBoolean()) {
        return owner(owner);
      }
    }
    return null;
  }

  private static Owner owner(JsonNode reference) {
    return new Owner(
        reference.path("apiVersion").asText(),
        reference.path("kind").asText(),
        reference.path("name").asText(),
        reference.path("uid").asText());
  }

  /** This object with another number at a path, as a write to its scale leaves it. */
  KubeObject with(JsonPointer path, int number) {
    ObjectNode copy = root.deepCopy();
    ObjectNode parent = copy.withObject(path.head(), JsonNode.OverwriteMode.ALL, false);
    parent.put(path.last().getMatchingProperty(), number);
    return new KubeObject(copy);
  }

  private static @Nullable String text(@Nullable JsonNode value) {
    return value != null && value.isTextual() ? value.textValue() : null;
  }
}
