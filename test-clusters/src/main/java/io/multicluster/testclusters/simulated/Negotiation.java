package io.multicluster.testclusters.simulated;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client wants to be answered in.
 *
 * @param metaVersion of the transform: {@code v1} or {@code v1beta1}
 */
record Negotiation(Format format, Transform transform, String metaVersion, boolean pretty) {
  /** An encoding of objects. */
  enum Format {
    JSON("application/json"),
    YAML("application/yaml"),
    PROTOBUF("application/vnd.kubernetes.protobuf");

    private final String mediaType;

    Format(String mediaType) {
      this.mediaType = mediaType;
    }

    String mediaType() {
      return mediaType;
    }
  }

  /** What becomes of an object before it is encoded. */
  enum Transform {
    NONE,
    TABLE,
    METADATA
  }

  /** What the answer will be about; it decides which transforms make sense. */
  enum Answer {
    OBJECT,
    LIST,
    WATCH
  }

  record Clause(String type, double quality, Map<String, String> parameters) {
    String parameter(String name) {
      return parameters.getOrDefault(name, "");
    }
  }

  /**
   * @param type of the answer; it decides whether there is protobuf
   */
  static Negotiation of(ServerRequest request, ResourceType type, Answer answer) {
    boolean protobuf = type.protobuf();

    boolean pretty = pretty(request);
    List<Clause> clauses = clauses(request.header("accept"));
    if (clauses.isEmpty()) {
      return new Negotiation(Format.JSON, Transform.NONE, "", pretty);
    }
    if (protobuf
        && clauses.stream().noneMatch(c -> format(c.type(), true, Answer.OBJECT) != null)) {
      // Refused by the router, before anybody looks at the parameters.
      throw new ApiException(
          Status.failure(
                  406,
                  "NotAcceptable",
                  "406: Not Acceptable\n\nAvailable representations: application/json,"
                      + " application/yaml, application/vnd.kubernetes.protobuf"
                      + (answer == Answer.OBJECT
                          ? ""
                          : ", application/json;stream=watch,"
                              + " application/vnd.kubernetes.protobuf;stream=watch"))
              .withDetails(Status.Details.EMPTY));
    }
    for (Clause clause : clauses) {
      Format format = format(clause.type(), protobuf, answer);
      if (format == null) {
        continue;
      }
      String as = clause.parameter("as");
      String version = clause.parameter("v");
      boolean meta =
          clause.parameter("g").equals("meta.k8s.io")
              && (version.equals("v1") || version.equals("v1beta1"));
      if (as.isEmpty()) {
        return new Negotiation(format, Transform.NONE, "", pretty);
      }
      if (meta && as.equals("Table") && format != Format.PROTOBUF) {
        return new Negotiation(format, Transform.TABLE, version, pretty);
      }
      if (meta && (as.equals("PartialObjectMetadata") || as.equals("PartialObjectMetadataList"))) {
        if (as.endsWith("List") != (answer == Answer.LIST)) {
          throw notAcceptable(
              "you requested "
                  + as
                  + ", but the requested object is "
                  + (answer == Answer.LIST
                      ? "a list (*" + Intake.goPackage(type) + "." + type.kind() + "List)"
                      : "not a list"));
        }
        return new Negotiation(format, Transform.METADATA, version, pretty);
      }
    }
    String stream = answer == Answer.WATCH ? ";stream=watch" : "";
    throw notAcceptable(
        "only the following media types are accepted: application/json"
            + stream
            + (answer == Answer.WATCH ? "" : ", application/yaml")
            + ", application/vnd.kubernetes.protobuf"
            + stream);
  }

  /** The format of an error: the first acceptable one, JSON if none is. */
  static Format ofError(ServerRequest request) {
    for (Clause clause : clauses(request.header("accept"))) {
      Format format = format(clause.type(), true, Answer.OBJECT);
      if (format != null) {
        return format;
      }
    }
    return Format.JSON;
  }

  static boolean pretty(ServerRequest request) {
    String asked = request.parameter("pretty").toLowerCase(Locale.ROOT);
    if (!asked.isEmpty()) {
      return asked.equals("1") || asked.equals("true");
    }
    String agent = request.header("user-agent");
    return agent.startsWith("curl") || agent.startsWith("Wget") || agent.startsWith("Mozilla/5.0");
  }

  private static @Nullable Format format(String type, boolean protobuf, Answer answer) {
    return switch (type) {
      case "application/json", "*/*", "application/*" -> Format.JSON;
      case "application/yaml" -> answer == Answer.WATCH ? null : Format.YAML;
      case "application/vnd.kubernetes.protobuf" -> protobuf ? Format.PROTOBUF : null;
      default -> null;
    };
  }

  /** The clauses of an Accept header, best first. */
  static List<Clause> clauses(String accept) {
    List<Clause> clauses = new ArrayList<>();
    for (String text : accept.split(",", -1)) {
      String[] parts = text.strip().split(";", -1);
      if (parts[0].isBlank()) {
        continue;
      }
      Map<String, String> parameters = new LinkedHashMap<>();
      double quality = 1;
      for (int i = 1; i < parts.length; i++) {
        int equals = parts[i].indexOf('=');
        if (equals > 0) {
          String name = parts[i].substring(0, equals).strip();
          String value = parts[i].substring(equals + 1).strip();
          if (name.equals("q")) {
            quality = quality(value);
          } else {
            parameters.put(name, value);
          }
        }
      }
      clauses.add(new Clause(parts[0].strip().toLowerCase(Locale.ROOT), quality, parameters));
    }
    clauses.sort(
        Comparator.comparingDouble(Clause::quality)
            .reversed()
            .thenComparingInt(c -> c.type().equals("*/*") ? 2 : c.type().endsWith("/*") ? 1 : 0));
    return clauses;
  }

  private static double quality(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return 1;
    }
  }

  static ApiException notAcceptable(String message) {
    return new ApiException(Status.failure(406, "NotAcceptable", message));
  }
}
