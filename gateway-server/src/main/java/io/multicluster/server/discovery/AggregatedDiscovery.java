package io.multicluster.server.discovery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.server.discovery.ApiCatalog.Group;
import io.multicluster.server.discovery.ApiCatalog.Kind;
import io.multicluster.server.discovery.ApiCatalog.Resource;
import io.multicluster.server.discovery.ApiCatalog.Subresource;
import io.multicluster.server.discovery.ApiCatalog.Version;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The documents of aggregated discovery (KEP-3352), {@code APIGroupDiscoveryList}. Versions v2 and
 * v2beta1 have the same shape.
 */
final class AggregatedDiscovery {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private AggregatedDiscovery() {}

  static List<Group> parse(JsonNode document) {
    List<Group> groups = new ArrayList<>();
    for (JsonNode item : document.path("items")) {
      String group = item.path("metadata").path("name").asText("");
      List<Version> versions = new ArrayList<>();
      for (JsonNode version : item.path("versions")) {
        versions.add(version(group, version));
      }
      if (!versions.isEmpty()) {
        groups.add(new Group(group, versions));
      }
    }
    return groups;
  }

  private static Version version(String group, JsonNode node) {
    String name = node.path("version").asText();
    List<Resource> resources = new ArrayList<>();
    for (JsonNode resource : node.path("resources")) {
      // An aggregated server that is away can leave entries without a kind: they can't be served.
      Kind kind = kind(group, name, resource.path("responseKind"));
      if (kind == null) {
        continue;
      }
      List<Subresource> subresources = new ArrayList<>();
      for (JsonNode sub : resource.path("subresources")) {
        subresources.add(
            new Subresource(
                sub.path("subresource").asText(),
                kind(group, name, sub.path("responseKind")),
                strings(sub.path("verbs"))));
      }
      resources.add(
          new Resource(
              resource.path("resource").asText(),
              resource.path("singularResource").asText(""),
              kind,
              resource.path("scope").asText().equals("Namespaced"),
              strings(resource.path("verbs")),
              strings(resource.path("shortNames")),
              strings(resource.path("categories")),
              subresources));
    }
    return new Version(name, resources, node.path("freshness").asText().equals("Stale"));
  }

  private static @Nullable Kind kind(String group, String version, JsonNode node) {
    String kind = node.path("kind").asText("");
    if (kind.isEmpty()) {
      return null;
    }
    // Empty group and version of a response kind mean those of the list it stands in.
    String ownVersion = node.path("version").asText("");
    return ownVersion.isEmpty()
        ? new Kind(group, version, kind)
        : new Kind(node.path("group").asText(""), ownVersion, kind);
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(text -> strings.add(text.asText()));
    return strings;
  }

  /**
   * @param version {@code v2} or {@code v2beta1}
   */
  static ObjectNode render(List<Group> groups, String version) {
    ObjectNode list = NODES.objectNode();
    list.put("kind", "APIGroupDiscoveryList").put("apiVersion", "apidiscovery.k8s.io/" + version);
    list.putObject("metadata");
    ArrayNode items = list.putArray("items");
    for (Group group : groups) {
      ObjectNode item = items.addObject();
      ObjectNode metadata = item.putObject("metadata");
      if (!group.name().isEmpty()) {
        metadata.put("name", group.name());
      }
      ArrayNode versions = item.putArray("versions");
      for (Version v : group.versions()) {
        ObjectNode node = versions.addObject().put("version", v.name());
        ArrayNode resources = node.putArray("resources");
        v.resources().forEach(r -> render(r, resources.addObject()));
        node.put("freshness", v.stale() ? "Stale" : "Current");
      }
    }
    return list;
  }

  private static void render(Resource resource, ObjectNode node) {
    node.put("resource", resource.plural());
    node.set("responseKind", render(resource.kind()));
    node.put("scope", resource.namespaced() ? "Namespaced" : "Cluster");
    node.put("singularResource", resource.singular());
    node.set("verbs", array(resource.verbs()));
    if (!resource.shortNames().isEmpty()) {
      node.set("shortNames", array(resource.shortNames()));
    }
    if (!resource.categories().isEmpty()) {
      node.set("categories", array(resource.categories()));
    }
    if (!resource.subresources().isEmpty()) {
      ArrayNode subresources = node.putArray("subresources");
      for (Subresource sub : resource.subresources()) {
        ObjectNode entry = subresources.addObject().put("subresource", sub.name());
        if (sub.kind() != null) {
          entry.set("responseKind", render(sub.kind()));
        }
        entry.set("verbs", array(sub.verbs()));
      }
    }
  }

  private static ObjectNode render(Kind kind) {
    return NODES
        .objectNode()
        .put("group", kind.group())
        .put("version", kind.version())
        .put("kind", kind.kind());
  }

  static ArrayNode array(List<String> strings) {
    ArrayNode array = NODES.arrayNode();
    strings.forEach(array::add);
    return array;
  }
}
