package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * The columns that {@code kubectl get} shows. Pods, events, namespaces, nodes, config maps, secrets
 * and deployments have the columns of kube-apiserver, pods with a simpler STATUS; custom resources
 * those of their definition; all others a name and an age.
 */
final class Tables {
  private Tables() {}

  private record Column(
      String name,
      String type,
      String format,
      String description,
      int priority,
      Function<ObjectNode, JsonNode> cell) {}

  /** {@code columnDefinitions} of a kind. */
  static ArrayNode definitions(ResourceType type) {
    ArrayNode definitions = Json.array();
    for (Column column : columns(type)) {
      definitions
          .addObject()
          .put("name", column.name())
          .put("type", column.type())
          .put("format", column.format())
          .put("description", column.description())
          .put("priority", column.priority());
    }
    return definitions;
  }

  /** One row; {@code view} is the object as {@code type} shows it. */
  static ObjectNode row(
      ResourceType type, ObjectNode view, String includeObject, String metaVersion) {
    ObjectNode row = Json.object();
    ArrayNode cells = row.putArray("cells");
    columns(type).forEach(column -> cells.add(column.cell().apply(view)));
    switch (includeObject) {
      case "None" -> row.putNull("object");
      case "Object" -> row.set("object", view);
      default -> row.set("object", metadata(view, metaVersion));
    }
    return row;
  }

  static ObjectNode metadata(ObjectNode view, String metaVersion) {
    ObjectNode partial = Json.object();
    partial.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/" + metaVersion);
    partial.setAll(
        Canonical.of(
                Schema.message(Schema.META + "PartialObjectMetadata"),
                Json.object().set("metadata", view.get("metadata")))
            .object());
    return partial;
  }

  private static List<Column> columns(ResourceType type) {
    List<Column> columns = new ArrayList<>();
    columns.add(text("Name", "name", 0, o -> Json.string(o, "metadata", "name")));
    CustomVersion custom = type.custom();
    if (custom != null) {
      custom.columns().forEach(column -> columns.add(custom(column)));
      if (custom.columns().isEmpty()) {
        columns.add(age());
      }
      return columns;
    }
    switch (type.plural() + "." + type.group()) {
      case "pods." -> pods(columns);
      case "events.", "events.events.k8s.io" -> {
        columns.clear();
        events(columns, type.group().isEmpty());
      }
      case "namespaces." -> {
        columns.add(text("Status", "", 0, o -> Json.string(o, "status", "phase")));
        columns.add(age());
      }
      case "nodes." -> {
        columns.add(text("Status", "", 0, Tables::nodeStatus));
        columns.add(text("Roles", "", 0, o -> "<none>"));
        columns.add(age());
        columns.add(
            text("Version", "", 0, o -> Json.string(o, "status", "nodeInfo", "kubeletVersion")));
      }
      case "configmaps." -> {
        columns.add(
            new Column(
                "Data",
                "string",
                "",
                "",
                0,
                o -> Json.number(size(o, "data") + size(o, "binaryData"))));
        columns.add(age());
      }
      case "secrets." -> {
        columns.add(text("Type", "", 0, o -> Json.string(o, "type")));
        columns.add(new Column("Data", "string", "", "", 0, o -> Json.number(size(o, "data"))));
        columns.add(age());
      }
      case "deployments.apps" -> {
        columns.add(
            text(
                "Ready",
                "",
                0,
                o ->
                    Json.integer(o, "status", "readyReplicas")
                        + "/"
                        + Json.integer(o, "spec", "replicas")));
        columns.add(count("Up-to-date", "updatedReplicas"));
        columns.add(count("Available", "availableReplicas"));
        columns.add(age());
      }
      default -> columns.add(age());
    }
    return columns;
  }

  private static Column text(
      String name, String format, int priority, Function<ObjectNode, String> cell) {
    return new Column(name, "string", format, "", priority, o -> Json.text(cell.apply(o)));
  }

  private static Column count(String name, String field) {
    return new Column(
        name, "string", "", "", 0, o -> Json.number(Json.integer(o, "status", field)));
  }

  private static Column age() {
    return text("Age", "", 0, o -> since(Json.string(o, "metadata", "creationTimestamp")));
  }

  private static int size(ObjectNode object, String field) {
    JsonNode map = Json.at(object, field);
    return map == null ? 0 : map.size();
  }

  private static void pods(List<Column> columns) {
    columns.add(text("Ready", "", 0, Tables::ready));
    columns.add(text("Status", "", 0, Tables::podStatus));
    columns.add(
        text(
            "Restarts",
            "",
            0,
            o -> {
              long restarts = 0;
              for (JsonNode status : Json.elements(o, "status", "containerStatuses")) {
                restarts += Json.integer(status, "restartCount");
              }
              return Long.toString(restarts);
            }));
    columns.add(age());
    columns.add(text("IP", "", 1, o -> orNone(Json.string(o, "status", "podIP"))));
    columns.add(text("Node", "", 1, o -> orNone(Json.string(o, "spec", "nodeName"))));
    columns.add(
        text("Nominated Node", "", 1, o -> orNone(Json.string(o, "status", "nominatedNodeName"))));
    columns.add(text("Readiness Gates", "", 1, o -> "<none>"));
  }

  private static String ready(ObjectNode pod) {
    int ready = 0;
    int total = 0;
    for (JsonNode _ : Json.elements(pod, "spec", "containers")) {
      total++;
    }
    for (JsonNode status : Json.elements(pod, "status", "containerStatuses")) {
      if (Json.isTrue(status, "ready") && Json.at(status, "state", "running") != null) {
        ready++;
      }
    }
    return ready + "/" + total;
  }

  private static String podStatus(ObjectNode pod) {
    String phase = Json.string(pod, "status", "phase");
    if (Json.at(pod, "metadata", "deletionTimestamp") != null
        && !phase.equals("Succeeded")
        && !phase.equals("Failed")) {
      return "Terminating";
    }
    String shown = Json.string(pod, "status", "reason");
    if (shown.isEmpty()) {
      shown = phase;
    }
    for (JsonNode status : Json.elements(pod, "status", "containerStatuses")) {
      for (String state : List.of("waiting", "terminated")) {
        String reason = Json.string(status, "state", state, "reason");
        if (!reason.isEmpty()) {
          return reason;
        }
      }
    }
    return shown;
  }

  private static String nodeStatus(ObjectNode node) {
    for (JsonNode condition : Json.elements(node, "status", "conditions")) {
      if (Json.string(condition, "type").equals("Ready")) {
        return Json.string(condition, "status").equals("True") ? "Ready" : "NotReady";
      }
    }
    return "Unknown";
  }

  private static void events(List<Column> columns, boolean core) {
    String reference = core ? "involvedObject" : "regarding";
    columns.add(
        text(
            "Last Seen",
            "",
            0,
            o ->
                since(
                    firstOf(
                        Json.string(o, "series", "lastObservedTime"),
                        Json.string(o, core ? "lastTimestamp" : "deprecatedLastTimestamp"),
                        Json.string(o, core ? "firstTimestamp" : "deprecatedFirstTimestamp"),
                        Json.string(o, "eventTime")))));
    columns.add(text("Type", "", 0, o -> Json.string(o, "type")));
    columns.add(text("Reason", "", 0, o -> Json.string(o, "reason")));
    columns.add(
        text(
            "Object",
            "",
            0,
            o -> {
              String kind = Json.string(o, reference, "kind").toLowerCase(Locale.ROOT);
              String name = Json.string(o, reference, "name");
              return name.isEmpty() ? kind : kind + "/" + name;
            }));
    columns.add(text("Subobject", "", 1, o -> Json.string(o, reference, "fieldPath")));
    columns.add(
        text(
            "Source",
            "",
            1,
            o -> {
              String source = core ? "source" : "deprecatedSource";
              String component =
                  firstOf(
                      Json.string(o, source, "component"),
                      Json.string(o, core ? "reportingComponent" : "reportingController"));
              String host =
                  firstOf(Json.string(o, source, "host"), Json.string(o, "reportingInstance"));
              return host.isEmpty() ? component : component + ", " + host;
            }));
    columns.add(text("Message", "", 0, o -> Json.string(o, core ? "message" : "note").strip()));
    columns.add(
        text(
            "First Seen",
            "",
            1,
            o ->
                since(
                    firstOf(
                        Json.string(o, core ? "firstTimestamp" : "deprecatedFirstTimestamp"),
                        Json.string(o, "eventTime")))));
    columns.add(
        new Column(
            "Count",
            "string",
            "",
            "",
            1,
            o -> {
              long series = Json.integer(o, "series", "count");
              long count = Json.integer(o, core ? "count" : "deprecatedCount");
              return Json.number(Math.max(1, series > 0 ? series : count));
            }));
    columns.add(text("Name", "name", 1, o -> Json.string(o, "metadata", "name")));
  }

  private static Column custom(CustomVersion.Column column) {
    return new Column(
        column.name(),
        column.type(),
        column.format(),
        column.description(),
        column.priority(),
        object -> {
          List<JsonNode> found = JsonPath.find(object, column.jsonPath());
          if (found.isEmpty()) {
            return column.type().equals("date") ? Json.text("<unknown>") : Json.nothing();
          }
          JsonNode first = found.getFirst();
          return switch (column.type()) {
            case "integer" -> Json.number(first.asLong());
            case "number" -> first;
            case "boolean" -> Json.bool(first.asBoolean());
            case "date" -> Json.text(since(first.asText()));
            default ->
                Json.text(
                    first.isTextual()
                        ? String.join(",", found.stream().map(JsonNode::asText).toList())
                        : first.toString());
          };
        });
  }

  private static String firstOf(String... candidates) {
    for (String candidate : candidates) {
      if (!candidate.isEmpty()) {
        return candidate;
      }
    }
    return "";
  }

  private static String orNone(String text) {
    return text.isEmpty() ? "<none>" : text;
  }

  private static String since(String timestamp) {
    if (timestamp.isEmpty()) {
      return "<unknown>";
    }
    try {
      return age(Duration.between(OffsetDateTime.parse(timestamp).toInstant(), Instant.now()));
    } catch (DateTimeException e) {
      return "<invalid>";
    }
  }

  private static String age(Duration age) {
    long seconds = age.toSeconds();
    if (seconds < -1) {
      return "<invalid>";
    }
    if (seconds < 120) {
      return Math.max(0, seconds) + "s";
    }
    long minutes = seconds / 60;
    if (minutes < 10) {
      return two(minutes, "m", seconds % 60, "s");
    }
    if (minutes < 180) {
      return minutes + "m";
    }
    long hours = minutes / 60;
    if (hours < 8) {
      return two(hours, "h", minutes % 60, "m");
    }
    if (hours < 48) {
      return hours + "h";
    }
    long days = hours / 24;
    if (days < 8) {
      return two(days, "d", hours % 24, "h");
    }
    if (days < 730) {
      return days + "d";
    }
    return days < 2920 ? two(days / 365, "y", days % 365, "d") : days / 365 + "y";
  }

  private static String two(long major, String majorUnit, long minor, String minorUnit) {
    return major + majorUnit + (minor == 0 ? "" : minor + minorUnit);
  }
}
