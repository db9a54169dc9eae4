package io.multicluster.testclusters.simulated;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How built-in kinds look in JSON and protobuf: {@code kubernetes.schema}, which {@code
 * test-clusters/schema} makes from Kubernetes' own types. One table serves the protobuf codec, the
 * normal form of JSON, strategic merge patches, strict field validation and OpenAPI.
 */
final class Schema {
  static final String META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
  private static final Map<String, Message> MESSAGES = load();

  private Schema() {}

  /** A type of values, as the resource file names it. */
  enum Kind {
    STRING("string"),
    BOOL("bool"),
    INT32("int32"),
    INT64("int64"),
    DOUBLE("double"),
    BYTES("bytes"),
    TIME("Time"),
    MICRO_TIME("MicroTime"),
    DURATION("Duration"),
    QUANTITY("Quantity"),
    INT_OR_STRING("IntOrString"),
    /** A JSON object that protobuf carries as bytes: the set of fields of a manager. */
    FIELDS_V1("FieldsV1"),
    /** Any JSON object, as bytes in protobuf. */
    RAW_EXTENSION("RawExtension"),
    /** A list that is the value of a map: a message of its own in protobuf. */
    STRING_LIST("StringList"),
    /** Any JSON; its kinds are not offered in protobuf. */
    JSON("JSON"),
    /** A JSON schema where it is an object; else a boolean or a list. Not offered in protobuf. */
    SCHEMA_OR_OTHER("SchemaOrOther"),
    MESSAGE("");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    static Kind of(String label) {
      for (Kind kind : values()) {
        if (kind.label.equals(label)) {
          return kind;
        }
      }
      return MESSAGE;
    }
  }

  /** How many values a field has. */
  enum Shape {
    ONE,
    LIST,
    MAP
  }

  /**
   * A field of a message.
   *
   * @param message the type of its values; null unless {@code kind} is {@link Kind#MESSAGE}
   * @param optional a pointer in Go: absent and zero are different things
   * @param nonzero left out of JSON when it is zero (or absent, if optional)
   * @param inline a message whose fields stand beside this one in JSON
   * @param merge strategic merge patches merge a list instead of replacing it
   * @param mergeKey what identifies the elements of a merged list; empty for scalars
   * @param topology how server-side apply divides it among managers
   */
  record Field(
      String name,
      int number,
      Shape shape,
      Kind kind,
      @Nullable Message message,
      boolean optional,
      boolean nonzero,
      boolean inline,
      boolean merge,
      String mergeKey,
      Topology topology) {

    Message requireMessage() {
      return Objects.requireNonNull(message, name);
    }
  }

  /**
   * Whether parts of a value can have managers of their own.
   *
   * @param atomic the value has one manager; always so for lists that are neither set nor keyed
   * @param set a list of scalars, each with managers of its own
   * @param keys what identifies the elements of a list; empty if they can't be told apart
   * @param atomicElements each element of a keyed list has one manager
   */
  record Topology(boolean atomic, boolean set, List<String> keys, boolean atomicElements) {
    static final Topology PLAIN = new Topology(false, false, List.of(), false);

    Topology {
      keys = List.copyOf(keys);
    }

    boolean divided() {
      return set || !keys.isEmpty();
    }
  }

  /** A message; immutable once the schema is loaded. */
  static final class Message {
    private final String name;
    private final List<Field> fields = new ArrayList<>();
    private final Map<String, Field> byName = new HashMap<>();
    private final Map<Integer, Field> byNumber = new HashMap<>();

    private Message(String name) {
      this.name = name;
    }

    String name() {
      return name;
    }

    /** In the order of JSON. */
    List<Field> fields() {
      return Collections.unmodifiableList(fields);
    }

    /** The field of this name in JSON, of this message or of one that is inlined in it. */
    @Nullable Field named(String field) {
      Field own = byName.get(field);
      if (own != null && !own.inline()) {
        return own;
      }
      for (Field each : fields) {
        if (each.inline()) {
          Field inlined = each.requireMessage().named(field);
          if (inlined != null) {
            return inlined;
          }
        }
      }
      return null;
    }

    @Nullable Field numbered(int number) {
      return byNumber.get(number);
    }

    /** Calls back for this message and for all that it is made of, once each. */
    void forEachReachable(Consumer<Message> visitor) {
      Map<String, Message> seen = new LinkedHashMap<>();
      reach(seen);
      seen.values().forEach(visitor);
    }

    private void reach(Map<String, Message> seen) {
      if (seen.putIfAbsent(name, this) == null) {
        for (Field field : fields) {
          if (field.message() != null) {
            field.requireMessage().reach(seen);
          }
        }
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** The message of that OpenAPI name, e.g. {@code io.k8s.api.core.v1.Pod}. */
  static Message message(String name) {
    Message message = MESSAGES.get(name);
    if (message == null) {
      throw new IllegalArgumentException("no message " + name + " in the schema");
    }
    return message;
  }

  private static Map<String, Message> load() {
    try (InputStream in =
            Objects.requireNonNull(Schema.class.getResourceAsStream("kubernetes.schema"));
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      List<String> lines = reader.lines().filter(l -> !l.isEmpty() && !l.startsWith("#")).toList();
      Map<String, Message> messages = new HashMap<>();
      for (String line : lines) {
        if (isHeader(line)) {
          String name = header(line);
          messages.put(name, new Message(name));
        }
      }
      Message current = new Message("");
      for (String line : lines) {
        if (isHeader(line)) {
          current = Objects.requireNonNull(messages.get(header(line)));
        } else {
          Field field = field(line, messages);
          current.fields.add(field);
          current.byName.put(field.name(), field);
          current.byNumber.put(field.number(), field);
        }
      }
      return Map.copyOf(messages);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isHeader(String line) {
    return line.startsWith("[");
  }

  private static String header(String line) {
    return line.substring(1, line.length() - 1);
  }

  private static Field field(String line, Map<String, Message> messages) {
    List<String> words = Arrays.asList(line.split(" ", -1));
    String type = words.get(2);
    Shape shape = Shape.ONE;
    if (type.startsWith("[]")) {
      shape = Shape.LIST;
      type = type.substring(2);
    } else if (type.startsWith("map:")) {
      shape = Shape.MAP;
      type = type.substring(4);
    }
    Kind kind = Kind.of(type);
    Message message = messages.get(type);
    if (kind == Kind.MESSAGE && message == null) {
      throw new IllegalStateException("no message " + type + " for the line: " + line);
    }
    List<String> flags = words.subList(3, words.size());
    return new Field(
        words.get(0),
        Integer.parseInt(words.get(1)),
        shape,
        kind,
        message,
        flags.contains("optional"),
        flags.contains("nonzero"),
        flags.contains("inline"),
        flags.contains("merge"),
        flag(flags, "key="),
        new Topology(
            flags.contains("atomic"),
            flags.contains("set"),
            flag(flags, "keys=").isEmpty()
                ? List.of()
                : List.of(flag(flags, "keys=").split(",", -1)),
            flags.contains("atomicElements")));
  }

  /** What follows that prefix in the flag that has it; empty if none has. */
  private static String flag(List<String> flags, String prefix) {
    return flags.stream()
        .filter(flag -> flag.startsWith(prefix))
        .map(flag -> flag.substring(prefix.length()))
        .findFirst()
        .orElse("");
  }
}
