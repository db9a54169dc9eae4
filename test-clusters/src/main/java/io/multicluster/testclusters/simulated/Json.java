package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** JSON trees, written as Go's encoder writes them. */
final class Json {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();
  private static final ObjectMapper YAML =
      YAMLMapper.builder()
          .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
          .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
          .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
          .build();
  private static final ObjectWriter COMPACT = MAPPER.writer(new GoEscapes());
  private static final ObjectWriter PRETTY =
      MAPPER
          .writer(
              new DefaultPrettyPrinter(
                      Separators.createDefaultInstance()
                          .withObjectFieldValueSpacing(Spacing.AFTER)
                          .withObjectEmptySeparator("")
                          .withArrayEmptySeparator(""))
                  .withObjectIndenter(new DefaultIndenter("  ", "\n"))
                  .withArrayIndenter(new DefaultIndenter("  ", "\n")))
          .with(new GoEscapes());

  private Json() {}

  static ObjectNode object() {
    return NODES.objectNode();
  }

  static ArrayNode array() {
    return NODES.arrayNode();
  }

  static ArrayNode array(Collection<String> texts) {
    ArrayNode array = array();
    texts.forEach(array::add);
    return array;
  }

  /** The smallest node that holds it, so that equal numbers are equal nodes. */
  static JsonNode number(long value) {
    return value == (int) value ? NODES.numberNode((int) value) : NODES.numberNode(value);
  }

  static JsonNode text(String value) {
    return NODES.textNode(value);
  }

  static JsonNode bool(boolean value) {
    return NODES.booleanNode(value);
  }

  static JsonNode nothing() {
    return NODES.nullNode();
  }

  static JsonNode parse(byte[] bytes) throws IOException {
    return MAPPER.readTree(bytes);
  }

  static JsonNode parseYaml(byte[] bytes) throws IOException {
    return YAML.readTree(bytes);
  }

  /** Reads what we wrote ourselves. */
  static JsonNode trusted(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  static byte[] bytes(JsonNode node) {
    return write(COMPACT, node);
  }

  static byte[] pretty(JsonNode node) {
    return write(PRETTY, node);
  }

  static byte[] yaml(JsonNode node) {
    return write(YAML.writer(), node);
  }

  private static byte[] write(ObjectWriter writer, JsonNode node) {
    try {
      return writer.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The node at a path of field names; null where one is missing or null. */
  static @Nullable JsonNode at(JsonNode node, String... path) {
    @Nullable JsonNode current = node;
    for (String name : path) {
      current = current.get(name);
      if (current == null || current.isNull()) {
        return null;
      }
    }
    return current;
  }

  /** The scalar at a path as text; empty where there is none. */
  static String string(JsonNode node, String... path) {
    JsonNode found = at(node, path);
    return found == null || found.isContainerNode() ? "" : found.asText();
  }

  static long integer(JsonNode node, String... path) {
    JsonNode found = at(node, path);
    return found == null ? 0 : found.asLong();
  }

  static boolean isTrue(JsonNode node, String... path) {
    JsonNode found = at(node, path);
    return found != null && found.asBoolean();
  }

  /** The elements at a path; none where there is no array. */
  static Iterable<JsonNode> elements(JsonNode node, String... path) {
    JsonNode found = at(node, path);
    return found instanceof ArrayNode array ? array : List.of();
  }

  static List<String> strings(JsonNode node, String... path) {
    JsonNode found = at(node, path);
    return found instanceof ArrayNode array
        ? array.valueStream().map(JsonNode::asText).toList()
        : List.of();
  }

  /** The text fields of the object at a path, sorted. */
  static Map<String, String> texts(JsonNode node, String... path) {
    Map<String, String> texts = new TreeMap<>();
    if (at(node, path) instanceof ObjectNode object) {
      object.forEachEntry((name, value) -> texts.put(name, value.asText()));
    }
    return texts;
  }

  /** The object in a field, made when it is not there. */
  static ObjectNode child(ObjectNode parent, String name) {
    return parent.get(name) instanceof ObjectNode object ? object : parent.putObject(name);
  }

  static ObjectNode status(Status status) {
    ObjectNode node = object();
    node.put("kind", "Status").put("apiVersion", "v1");
    ObjectNode metadata = node.putObject("metadata");
    if (!status.continueToken().isEmpty()) {
      metadata.put("continue", status.continueToken());
    }
    node.put("status", status.success() ? "Success" : "Failure");
    putNonEmpty(node, "message", status.message());
    putNonEmpty(node, "reason", status.reason());
    Status.Details details = status.details();
    if (details != null) {
      ObjectNode out = node.putObject("details");
      putNonEmpty(out, "name", details.name());
      putNonEmpty(out, "group", details.group());
      putNonEmpty(out, "kind", details.kind());
      putNonEmpty(out, "uid", details.uid());
      if (!details.causes().isEmpty()) {
        ArrayNode causes = out.putArray("causes");
        for (Status.Cause cause : details.causes()) {
          ObjectNode one = causes.addObject();
          putNonEmpty(one, "reason", cause.reason());
          putNonEmpty(one, "message", cause.message());
          putNonEmpty(one, "field", cause.field());
        }
      }
      if (details.retryAfterSeconds() > 0) {
        out.put("retryAfterSeconds", details.retryAfterSeconds());
      }
    }
    if (!status.success()) {
      node.put("code", status.code());
    }
    return node;
  }

  static void putNonEmpty(ObjectNode node, String name, String value) {
    if (!value.isEmpty()) {
      node.put(name, value);
    }
  }

  static ObjectNode requireObject(JsonNode node, String what) {
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw ApiException.badRequest(what + " must be a JSON object");
  }

  /** Go escapes what could end a script element, and the two line separators of JavaScript. */
  private static final class GoEscapes extends CharacterEscapes {
    private static final long serialVersionUID = 1L;
    private final int[] ascii = standardAsciiEscapesForJSON();

    GoEscapes() {
      for (char c : new char[] {'<', '>', '&'}) {
        ascii[c] = ESCAPE_CUSTOM;
      }
    }

    @Override
    public int[] getEscapeCodesForAscii() {
      return ascii.clone();
    }

    @Override
    public @Nullable SerializableString getEscapeSequence(int c) {
      return switch (c) {
        case '<' -> new SerializedString("\\u003c");
        case '>' -> new SerializedString("\\u003e");
        case '&' -> new SerializedString("\\u0026");
        case '\u2028' -> new SerializedString("\\u2028");
        case '\u2029' -> new SerializedString("\\u2029");
        default -> null;
      };
    }
  }
}
