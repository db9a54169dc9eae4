package io.multicluster.server.discovery;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.server.discovery.ApiCatalog.Group;
import io.multicluster.server.discovery.ApiCatalog.Kind;
import io.multicluster.server.discovery.ApiCatalog.Resource;
import io.multicluster.server.discovery.ApiCatalog.Subresource;
import io.multicluster.server.discovery.ApiCatalog.Version;
import java.util.List;

/** The unaggregated discovery documents, one per path, as clients before 1.26 read them. */
final class LegacyDiscovery {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private LegacyDiscovery() {}

  /** {@code /api}. */
  static ObjectNode coreVersions(List<Version> versions, String serverAddress) {
    ObjectNode document = NODES.objectNode().put("kind", "APIVersions");
    document.set(
        "versions", AggregatedDiscovery.array(versions.stream().map(Version::name).toList()));
    document
        .putArray("serverAddressByClientCIDRs")
        .addObject()
        .put("clientCIDR", "0.0.0.0/0")
        .put("serverAddress", serverAddress);
    return document;
  }

  /** {@code /apis}: all groups but the core group. */
  static ObjectNode groupList(List<Group> groups) {
    ObjectNode document = NODES.objectNode().put("kind", "APIGroupList").put("apiVersion", "v1");
    ArrayNode array = document.putArray("groups");
    groups.forEach(group -> group(group, array.addObject()));
    return document;
  }

  /** {@code /apis/GROUP}. */
  static ObjectNode group(Group group) {
    ObjectNode document = NODES.objectNode().put("kind", "APIGroup").put("apiVersion", "v1");
    group(group, document);
    return document;
  }

  private static void group(Group group, ObjectNode node) {
    node.put("name", group.name());
    ArrayNode versions = node.putArray("versions");
    for (Version version : group.versions()) {
      versions.add(groupVersion(group, version));
    }
    node.set("preferredVersion", groupVersion(group, group.versions().getFirst()));
  }

  private static ObjectNode groupVersion(Group group, Version version) {
    return NODES
        .objectNode()
        .put("groupVersion", group.name() + "/" + version.name())
        .put("version", version.name());
  }

  /** {@code /api/v1} or {@code /apis/GROUP/VERSION}. */
  static ObjectNode resourceList(Group group, Version version) {
    String groupVersion =
        group.name().isEmpty() ? version.name() : group.name() + "/" + version.name();
    ObjectNode document =
        NODES
            .objectNode()
            .put("kind", "APIResourceList")
            .put("apiVersion", "v1")
            .put("groupVersion", groupVersion);
    ArrayNode resources = document.putArray("resources");
    for (Resource resource : version.resources()) {
      ObjectNode node = resources.addObject();
      node.put("name", resource.plural());
      node.put("singularName", resource.singular());
      node.put("namespaced", resource.namespaced());
      kind(resource.kind(), group, version, node);
      node.set("verbs", AggregatedDiscovery.array(resource.verbs()));
      if (!resource.shortNames().isEmpty()) {
        node.set("shortNames", AggregatedDiscovery.array(resource.shortNames()));
      }
      if (!resource.categories().isEmpty()) {
        node.set("categories", AggregatedDiscovery.array(resource.categories()));
      }
      for (Subresource sub : resource.subresources()) {
        ObjectNode entry = resources.addObject();
        entry.put("name", resource.plural() + "/" + sub.name());
        entry.put("singularName", "");
        entry.put("namespaced", resource.namespaced());
        kind(sub.kind() == null ? resource.kind() : sub.kind(), group, version, entry);
        entry.set("verbs", AggregatedDiscovery.array(sub.verbs()));
      }
    }
    return document;
  }

  /** Group and version are written only where they differ from the list's. */
  private static void kind(Kind kind, Group group, Version version, ObjectNode node) {
    if (!kind.group().equals(group.name()) || !kind.version().equals(version.name())) {
      node.put("group", kind.group());
      node.put("version", kind.version());
    }
    node.put("kind", kind.kind());
  }
}
