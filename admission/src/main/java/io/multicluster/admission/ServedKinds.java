package io.multicluster.admission;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.resource.GroupVersionResource;
import io.multicluster.wire.status.ApiException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The kinds that an API server has, each in the version that it prefers.
 *
 * @param kinds that can be listed and deleted
 */
record ServedKinds(List<ServedKind> kinds) {

  record ServedKind(GroupVersionResource resource, String kind, boolean namespaced) {}

  /**
   * @throws ApiException if they can't be known in full
   */
  static ServedKinds discover(Reads reads) {
    List<ServedKind> kinds = new ArrayList<>();
    Set<GroupResource> seen = new HashSet<>();
    for (String root : List.of("/api", "/apis")) {
      JsonNode document =
          Reads.object(
                  reads.get(
                      root,
                      "",
                      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"))
              .root();
      if (!document.path("kind").asText().equals("APIGroupDiscoveryList")) {
        throw ApiException.unavailable("an API server has no aggregated discovery", 0);
      }
      for (JsonNode group : document.path("items")) {
        for (JsonNode version : group.path("versions")) {
          // The freshness of what an aggregated server offers is not asked: stale is better than
          // nothing here.
          read(group.path("metadata").path("name").asText(), version, seen, kinds);
        }
      }
    }
    return new ServedKinds(List.copyOf(kinds));
  }

  private static void read(
      String group, JsonNode version, Set<GroupResource> seen, List<ServedKind> kinds) {
    for (JsonNode resource : version.path("resources")) {
      Set<String> verbs = new HashSet<>();
      resource.path("verbs").forEach(verb -> verbs.add(verb.asText()));
      GroupVersionResource gvr =
          new GroupVersionResource(
              group, version.path("version").asText(), resource.path("resource").asText());
      if (verbs.contains("list") && verbs.contains("delete") && seen.add(gvr.groupResource())) {
        kinds.add(
            new ServedKind(
                gvr,
                resource.path("responseKind").path("kind").asText(),
                resource.path("scope").asText().equals("Namespaced")));
      }
    }
  }

  /** The kind that a reference means, in any version; null if there is none. */
  @Nullable ServedKind named(String apiVersion, String kind) {
    int slash = apiVersion.indexOf('/');
    String group = slash < 0 ? "" : apiVersion.substring(0, slash);
    for (ServedKind served : kinds) {
      if (served.kind.equals(kind) && served.resource.group().equals(group)) {
        return served;
      }
    }
    return null;
  }
}
