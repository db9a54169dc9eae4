package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.ResourceType.Subresource;
import io.multicluster.wire.status.ApiException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the server offers, in the old form and the aggregated one. */
final class Discovery {
  static final String AGGREGATED =
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

  private final Catalog catalog;

  Discovery(Catalog catalog) {
    this.catalog = catalog;
  }

  /** Whether a client takes the aggregated form in the version that we have. */
  static boolean wantsAggregated(ServerRequest request) {
    for (Negotiation.Clause clause : Negotiation.clauses(request.header("accept"))) {
      if (clause.type().equals("application/json")) {
        if (clause.parameter("as").isEmpty()) {
          return false;
        }
        if (clause.parameter("as").equals("APIGroupDiscoveryList")
            && clause.parameter("g").equals("apidiscovery.k8s.io")
            && clause.parameter("v").equals("v2")) {
          return true;
        }
      }
    }
    return false;
  }

  ObjectNode aggregated(boolean core) {
    ObjectNode list = Json.object();
    list.put("kind", "APIGroupDiscoveryList").put("apiVersion", "apidiscovery.k8s.io/v2");
    list.putObject("metadata");
    ArrayNode items = list.putArray("items");
    catalog
        .groups()
        .forEach((group, versions) -> {
          if (group.isEmpty() != core) {
            return;
          }
          ObjectNode item = items.addObject();
          Json.putNonEmpty(item.putObject("metadata"), "name", group);
          ArrayNode out = item.putArray("versions");
          for (String version : versions) {
            out.add(version(group, version));
          }
        });
    return list;
  }

  private ObjectNode version(String group, String version) {
    ObjectNode out = Json.object();
    out.put("version", version);
    ArrayNode resources = out.putArray("resources");
    catalog
        .all()
        .filter(t -> t.group().equals(group) && t.version().equals(version))
        .forEach(type -> {
          ObjectNode resource = resources.addObject();
          resource.put("resource", type.plural());
          resource.set("responseKind", kind(group, version, type.kind()));
          resource.put("scope", type.namespaced() ? "Namespaced" : "Cluster");
          resource.put("singularResource", type.singular());
          resource.set("verbs", Json.array(type.verbs()));
          if (!type.shortNames().isEmpty()) {
            resource.set("shortNames", Json.array(type.shortNames()));
          }
          if (!type.categories().isEmpty()) {
            resource.set("categories", Json.array(type.categories()));
          }
          if (!type.subresources().isEmpty()) {
            ArrayNode subresources = resource.putArray("subresources");
            for (Subresource each : type.subresources()) {
              ObjectNode sub = subresources.addObject();
              sub.put("subresource", each.name());
              sub.set(
                  "responseKind",
                  each.version().isEmpty()
                      ? kind(group, version, each.kind())
                      : kind(each.group(), each.version(), each.kind()));
              sub.set("verbs", Json.array(each.verbs()));
            }
          }
        });
    out.put("freshness", "Current");
    return out;
  }

  private static ObjectNode kind(String group, String version, String kind) {
    return Json.object().put("group", group).put("version", version).put("kind", kind);
  }

  ObjectNode coreVersions() {
    ObjectNode versions = Json.object();
    versions.put("kind", "APIVersions");
    versions.putArray("versions").add("v1");
    versions.putArray("serverAddressByClientCIDRs");
    return versions;
  }

  ObjectNode groupList() {
    ObjectNode list = Json.object();
    list.put("kind", "APIGroupList").put("apiVersion", "v1");
    ArrayNode groups = list.putArray("groups");
    catalog
        .groups()
        .forEach((group, versions) -> {
          if (!group.isEmpty()) {
            groups.add(group(group, versions));
          }
        });
    return list;
  }

  ObjectNode group(String name) {
    List<String> versions = catalog.groups().get(name);
    if (versions == null || name.isEmpty()) {
      throw ApiException.noSuchResource();
    }
    ObjectNode out = Json.object();
    out.put("kind", "APIGroup").put("apiVersion", "v1");
    out.setAll(group(name, versions));
    return out;
  }

  private static ObjectNode group(String name, List<String> versions) {
    ObjectNode group = Json.object();
    group.put("name", name);
    ArrayNode list = group.putArray("versions");
    versions.forEach(version -> list.add(groupVersion(name, version)));
    group.set("preferredVersion", groupVersion(name, versions.getFirst()));
    return group;
  }

  private static ObjectNode groupVersion(String group, String version) {
    return Json.object().put("groupVersion", group + "/" + version).put("version", version);
  }

  ObjectNode resources(String group, String version) {
    List<ResourceType> types =
        catalog.all().filter(t -> t.group().equals(group) && t.version().equals(version)).toList();
    if (types.isEmpty()) {
      throw ApiException.noSuchResource();
    }
    ObjectNode list = Json.object();
    list.put("kind", "APIResourceList").put("apiVersion", "v1");
    list.put("groupVersion", types.getFirst().apiVersion());
    ArrayNode resources = list.putArray("resources");
    for (ResourceType type : types) {
      ObjectNode resource = resources.addObject();
      resource.put("name", type.plural()).put("singularName", type.singular());
      resource.put("namespaced", type.namespaced()).put("kind", type.kind());
      resource.set("verbs", Json.array(type.verbs()));
      if (!type.shortNames().isEmpty()) {
        resource.set("shortNames", Json.array(type.shortNames()));
      }
      if (!type.categories().isEmpty()) {
        resource.set("categories", Json.array(type.categories()));
      }
      for (Subresource each : type.subresources()) {
        ObjectNode sub = resources.addObject();
        sub.put("name", type.plural() + "/" + each.name()).put("singularName", "");
        sub.put("namespaced", type.namespaced());
        Json.putNonEmpty(sub, "group", each.group());
        Json.putNonEmpty(sub, "version", each.version());
        sub.put("kind", each.kind());
        sub.set("verbs", Json.array(each.verbs()));
      }
    }
    return list;
  }

  /** Group versions as OpenAPI v3 names them, e.g. {@code api/v1}, {@code apis/apps/v1}. */
  Map<String, List<ResourceType>> groupVersions() {
    Map<String, List<ResourceType>> all = new LinkedHashMap<>();
    catalog
        .all()
        .forEach(type ->
            all.computeIfAbsent(
                    (type.group().isEmpty() ? "api/" : "apis/") + type.apiVersion(),
                    k -> new java.util.ArrayList<>())
                .add(type));
    return all;
  }
}
