package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.Schema.Message;
import io.multicluster.wire.resource.GroupResource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A resource in one version, as discovery announces it.
 *
 * @param group empty for the core group
 * @param message how the kind looks; null for custom resources
 * @param custom what the definition says of this version; null for built-in kinds
 */
record ResourceType(
    String group,
    String version,
    String plural,
    String singular,
    String kind,
    boolean namespaced,
    List<String> shortNames,
    List<String> categories,
    List<String> verbs,
    List<Subresource> subresources,
    @Nullable Message message,
    @Nullable CustomVersion custom) {

  static final List<String> ALL_VERBS =
      List.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");

  /** A subresource and the kind that it answers with; group and version are written if not ours. */
  record Subresource(String name, String group, String version, String kind, List<String> verbs) {}

  ResourceType {
    shortNames = List.copyOf(shortNames);
    categories = List.copyOf(categories);
    verbs = List.copyOf(verbs);
    subresources = List.copyOf(subresources);
  }

  String apiVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }

  GroupResource groupResource() {
    return new GroupResource(group, plural);
  }

  /** Where its objects are kept: both groups of events show the same ones. */
  GroupResource storage() {
    return groupResource().equals(GroupResource.EVENTS_K8S_IO)
        ? GroupResource.EVENTS
        : groupResource();
  }

  /** Whether requests may be answered and sent in protobuf. */
  boolean protobuf() {
    return message != null && !group.equals("apiextensions.k8s.io");
  }

  boolean is(String wantedGroup, String wantedPlural) {
    return group.equals(wantedGroup) && plural.equals(wantedPlural);
  }

  boolean isDefinition() {
    return is("apiextensions.k8s.io", "customresourcedefinitions");
  }

  @Nullable Subresource subresource(String name) {
    for (Subresource each : subresources) {
      if (each.name().equals(name)) {
        return each;
      }
    }
    return null;
  }

  boolean hasStatus() {
    return subresource("status") != null;
  }

  /** A stored object as this version shows it; the stored one itself where nothing differs. */
  ObjectNode fromStorage(ObjectNode stored) {
    if (groupResource().equals(GroupResource.EVENTS_K8S_IO)) {
      return EventViews.toEvents(stored);
    }
    if (Json.string(stored, "apiVersion").equals(apiVersion())) {
      return stored;
    }
    ObjectNode view = stored.deepCopy();
    view.put("apiVersion", apiVersion());
    return view;
  }

  /** What is stored of an object of this version. */
  ObjectNode toStorage(ObjectNode object) {
    if (groupResource().equals(GroupResource.EVENTS_K8S_IO)) {
      return EventViews.toCore(object);
    }
    if (custom != null && !custom.storageVersion().equals(version)) {
      ObjectNode stored = object.deepCopy();
      stored.put("apiVersion", group + "/" + custom.storageVersion());
      return stored;
    }
    return object;
  }
}
