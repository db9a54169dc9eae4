package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.ResourceType.Subresource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One version of a custom resource, as its CustomResourceDefinition describes it.
 *
 * @param schema {@code openAPIV3Schema}; empty if the definition has none
 * @param columns {@code additionalPrinterColumns}
 * @param selectableFields JSON paths that field selectors may use, e.g. {@code .spec.color}
 */
record CustomVersion(
    String storageVersion,
    ObjectNode schema,
    List<Column> columns,
    List<String> selectableFields,
    Scale scale) {

  /** A printer column; {@code jsonPath} such as {@code .spec.replicas}. */
  record Column(
      String name, String type, String format, String description, int priority, String jsonPath) {}

  /** The paths of the scale subresource; all empty if the version has none. */
  record Scale(String specReplicas, String statusReplicas, String labelSelector) {
    static final Scale NONE = new Scale("", "", "");
  }

  /** The types that a definition makes, one for each served version. */
  static List<ResourceType> types(ObjectNode definition) {
    List<ResourceType> types = new ArrayList<>();
    String group = Json.string(definition, "spec", "group");
    String kind = Json.string(definition, "spec", "names", "kind");
    String singular = Json.string(definition, "spec", "names", "singular");
    String storageVersion = "";
    for (JsonNode version : Json.elements(definition, "spec", "versions")) {
      if (Json.isTrue(version, "storage")) {
        storageVersion = Json.string(version, "name");
      }
    }
    for (JsonNode version : Json.elements(definition, "spec", "versions")) {
      if (!Json.isTrue(version, "served")) {
        continue;
      }
      List<Subresource> subresources = new ArrayList<>();
      List<String> change = List.of("get", "patch", "update");
      if (Json.at(version, "subresources", "status") != null) {
        subresources.add(new Subresource("status", "", "", kind, change));
      }
      Scale scale = Scale.NONE;
      JsonNode paths = Json.at(version, "subresources", "scale");
      if (paths != null) {
        subresources.add(new Subresource("scale", "autoscaling", "v1", "Scale", change));
        scale =
            new Scale(
                Json.string(paths, "specReplicasPath"),
                Json.string(paths, "statusReplicasPath"),
                Json.string(paths, "labelSelectorPath"));
      }
      types.add(
          new ResourceType(
              group,
              Json.string(version, "name"),
              Json.string(definition, "spec", "names", "plural"),
              singular.isEmpty() ? kind.toLowerCase(Locale.ROOT) : singular,
              kind,
              Json.string(definition, "spec", "scope").equals("Namespaced"),
              Json.strings(definition, "spec", "names", "shortNames"),
              Json.strings(definition, "spec", "names", "categories"),
              ResourceType.ALL_VERBS,
              subresources,
              null,
              new CustomVersion(
                  storageVersion,
                  Json.at(version, "schema", "openAPIV3Schema") instanceof ObjectNode schema
                      ? schema
                      : Json.object(),
                  columns(version),
                  selectable(version),
                  scale)));
    }
    return types;
  }

  private static List<Column> columns(JsonNode version) {
    List<Column> columns = new ArrayList<>();
    for (JsonNode column : Json.elements(version, "additionalPrinterColumns")) {
      columns.add(
          new Column(
              Json.string(column, "name"),
              Json.string(column, "type"),
              Json.string(column, "format"),
              Json.string(column, "description"),
              (int) Json.integer(column, "priority"),
              Json.string(column, "jsonPath")));
    }
    return List.copyOf(columns);
  }

  private static List<String> selectable(JsonNode version) {
    List<String> paths = new ArrayList<>();
    for (JsonNode field : Json.elements(version, "selectableFields")) {
      paths.add(Json.string(field, "jsonPath"));
    }
    return List.copyOf(paths);
  }
}
