package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status.Cause;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The {@code scale} subresource: an {@code autoscaling/v1 Scale} as a view of an object. */
final class Scales {
  static final ResourceType TYPE =
      new ResourceType(
          "autoscaling",
          "v1",
          "scales",
          "scale",
          "Scale",
          true,
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          Schema.message("io.k8s.api.autoscaling.v1.Scale"),
          null);

  private Scales() {}

  private static CustomVersion.Scale paths(ResourceType type) {
    return type.custom() == null
        ? new CustomVersion.Scale(".spec.replicas", ".status.replicas", "")
        : type.custom().scale();
  }

  static ObjectNode of(ResourceType type, ObjectNode object) {
    CustomVersion.Scale paths = paths(type);
    ObjectNode scale = Json.object();
    scale.put("kind", "Scale").put("apiVersion", "autoscaling/v1");
    ObjectNode metadata = scale.putObject("metadata");
    for (String field :
        List.of("name", "namespace", "uid", "resourceVersion", "creationTimestamp")) {
      JsonNode value = Json.at(object, "metadata", field);
      if (value != null) {
        metadata.set(field, value);
      }
    }
    scale
        .putObject("spec")
        .set("replicas", Json.number(Json.integer(object, JsonPath.names(paths.specReplicas()))));
    ObjectNode status = scale.putObject("status");
    status.set(
        "replicas", Json.number(Json.integer(object, JsonPath.names(paths.statusReplicas()))));
    status.put("selector", selector(type, object, paths));
    return Canonical.of(java.util.Objects.requireNonNull(TYPE.message()), scale).object();
  }

  private static String selector(ResourceType type, ObjectNode object, CustomVersion.Scale paths) {
    if (type.custom() != null) {
      return paths.labelSelector().isEmpty()
          ? ""
          : Json.string(object, JsonPath.names(paths.labelSelector()));
    }
    List<String> terms = new ArrayList<>();
    Map<String, String> labels =
        type.is("", "replicationcontrollers")
            ? Json.texts(object, "spec", "selector")
            : Json.texts(object, "spec", "selector", "matchLabels");
    labels.forEach((key, value) -> terms.add(key + "=" + value));
    return String.join(",", terms);
  }

  /** What is wrong with the field of an object that its scale subresource stands for. */
  static List<Cause> errors(ResourceType type, ObjectNode object, List<Cause> others) {
    String path = paths(type).specReplicas();
    JsonNode replicas = path.isEmpty() ? null : Json.at(object, JsonPath.names(path));
    if (replicas == null || (replicas.isIntegralNumber() && replicas.asLong() >= 0)) {
      return others;
    }
    List<Cause> all = new ArrayList<>(others);
    all.add(
        new Cause(
            "FieldValueInvalid",
            replicas.isIntegralNumber()
                ? "Invalid value: " + replicas + ": should be a non-negative integer"
                : "Invalid value: 0: "
                    + path
                    + " accessor error: "
                    + replicas.asText()
                    + " is of the type string, expected int64",
            path));
    return all;
  }

  /** The object with the replicas and the precondition that a changed Scale asks for. */
  static ObjectNode applied(ResourceType type, ObjectNode object, ObjectNode scale) {
    long replicas = Json.integer(scale, "spec", "replicas");
    if (replicas < 0) {
      throw ApiException.invalid(
          "autoscaling",
          "Scale",
          Json.string(object, "metadata", "name"),
          List.of(
              new Cause(
                  "FieldValueInvalid",
                  "Invalid value: " + replicas + ": must be greater than or equal to 0",
                  "spec.replicas")));
    }
    ObjectNode changed = object.deepCopy();
    String[] path = JsonPath.names(paths(type).specReplicas());
    ObjectNode at = changed;
    for (int i = 0; i < path.length - 1; i++) {
      at = Json.child(at, path[i]);
    }
    at.set(path[path.length - 1], Json.number(replicas));
    for (String precondition : List.of("resourceVersion", "uid")) {
      String value = Json.string(scale, "metadata", precondition);
      if (!value.isEmpty()) {
        Json.child(changed, "metadata").put(precondition, value);
      }
    }
    return changed;
  }
}
