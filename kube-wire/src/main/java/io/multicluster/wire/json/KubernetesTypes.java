package io.multicluster.wire.json;

import io.multicluster.wire.proto.EventRenumbering;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The built-in kinds of Kubernetes, out of a table that {@code kube-wire/generator} makes from its
 * Go types. Immutable, the same for everybody.
 */
public final class KubernetesTypes {
  private static final String TABLE = "kubernetes-types.txt";
  private static final String OBJECT_META = "k8s.io/apimachinery/pkg/apis/meta/v1.ObjectMeta";
  private static final String PARTIAL_OBJECT_METADATA =
      "k8s.io/apimachinery/pkg/apis/meta/v1.PartialObjectMetadata";

  /** No kind's top level has a field number that comes near. */
  private static final int HIGHEST_OBJECT_FIELD = 100;

  private static final KubernetesTypes TYPES = load();

  private final String version;
  private final Map<String, JsonKind> kinds = new HashMap<>();
  private final MessageType objectMeta;

  /**
   * The Kubernetes release that the table describes, such as {@code 1.36.3}. Fields of a later one
   * are not in JSON.
   */
  public static String version() {
    return TYPES.version;
  }

  /**
   * How objects of a kind, also lists, are written as JSON.
   *
   * @return null if the kind is not built in
   */
  public static @Nullable JsonKind kind(String apiVersion, String kind) {
    return TYPES.kinds.get(apiVersion + ' ' + kind);
  }

  /**
   * How an Event is written that is kept in the other of its two versions.
   *
   * @param renumbering from the version that is kept to the one that is written
   */
  public static JsonKind event(EventRenumbering renumbering) {
    String apiVersion =
        switch (renumbering) {
          case CORE_TO_EVENTS_K8S_IO -> "events.k8s.io/v1";
          case EVENTS_K8S_IO_TO_CORE -> "v1";
        };
    JsonKind event = kind(apiVersion, "Event");
    if (event == null) {
      throw new IllegalStateException("no " + apiVersion + " Event in " + TABLE);
    }
    return new JsonKind(apiVersion, "Event", event.type().from(renumbering));
  }

  static MessageType objectMeta() {
    return TYPES.objectMeta;
  }

  private static KubernetesTypes load() {
    try (InputStream in = KubernetesTypes.class.getResourceAsStream(TABLE)) {
      if (in == null) {
        throw new IllegalStateException(TABLE + " is not on the class path");
      }
      var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).lines();
      return new KubernetesTypes(new ArrayDeque<>(lines.toList()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private KubernetesTypes(Deque<String> lines) {
    version = lines.remove().split(" ", -1)[1];
    List<String[]> kindLines = new ArrayList<>();
    while (lines.element().startsWith("kind ")) {
      kindLines.add(lines.remove().split(" ", -1));
    }
    List<MessageType> types = new ArrayList<>();
    List<List<String[]>> fields = new ArrayList<>();
    while (!lines.isEmpty()) {
      String[] words = lines.remove().split(" ", -1);
      if (words[0].equals("message")) {
        types.add(new MessageType(words[2]));
        fields.add(new ArrayList<>());
      } else {
        fields.getLast().add(words);
      }
    }
    for (int i = 0; i < types.size(); i++) {
      MessageType.Builder builder = new MessageType.Builder();
      build(builder, i, types, fields);
      builder.build(types.get(i));
    }
    for (String[] words : kindLines) {
      JsonKind kind = new JsonKind(words[1], words[2], types.get(Integer.parseInt(words[3])));
      kinds.put(words[1] + ' ' + words[2], kind);
    }
    // It is read out of whole objects.
    named(types, PARTIAL_OBJECT_METADATA).ignoreUpTo(HIGHEST_OBJECT_FIELD);
    objectMeta = named(types, OBJECT_META);
  }

  /** The lines are: number, name in JSON, type, flags, and for messages the number of theirs. */
  private static void build(
      MessageType.Builder builder,
      int message,
      List<MessageType> types,
      List<List<String[]>> fields) {
    for (String[] words : fields.get(message)) {
      int number = Integer.parseInt(words[0]);
      String type = words[2];
      if (type.equals("ignored")) {
        builder.ignored(number);
      } else if (type.equals("inline")) {
        build(builder.inlined(number), Integer.parseInt(words[4]), types, fields);
      } else {
        builder.field(
            new FieldType(
                words[1],
                number,
                type(type),
                container(type),
                words[3],
                words.length > 4 ? types.get(Integer.parseInt(words[4])) : null,
                words.length > 5 ? JsonKind.typeMeta(words[5], words[6]) : new byte[0]));
      }
    }
  }

  private static int container(String type) {
    return switch (type.charAt(0)) {
      case '*' -> FieldType.REPEATED;
      case '%' -> FieldType.MAP;
      default -> FieldType.SINGLE;
    };
  }

  private static int type(String type) {
    return switch (container(type) == FieldType.SINGLE ? type : type.substring(1)) {
      case "string" -> FieldType.STRING;
      case "bool" -> FieldType.BOOL;
      case "int32", "int64" -> FieldType.INTEGER;
      case "bytes" -> FieldType.BYTES;
      case "message" -> FieldType.MESSAGE;
      case "time" -> FieldType.TIME;
      case "microtime" -> FieldType.MICRO_TIME;
      case "quantity" -> FieldType.QUANTITY;
      case "intorstring" -> FieldType.INT_OR_STRING;
      case "raw" -> FieldType.RAW;
      case "strings" -> FieldType.STRINGS;
      default -> throw new IllegalStateException("type " + type + " in " + TABLE);
    };
  }

  private static MessageType named(List<MessageType> types, String name) {
    for (MessageType type : types) {
      if (type.name.equals(name)) {
        return type;
      }
    }
    throw new IllegalStateException("no " + name + " in " + TABLE);
  }
}
