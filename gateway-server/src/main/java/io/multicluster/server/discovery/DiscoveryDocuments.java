package io.multicluster.server.discovery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.server.discovery.ApiCatalog.Group;
import io.multicluster.server.discovery.ApiCatalog.Version;
import io.multicluster.server.discovery.Documents.Rendered;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Every discovery document of one catalog, rendered once. Immutable. */
final class DiscoveryDocuments {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String AGGREGATED = ";as=APIGroupDiscoveryList";

  private final ApiCatalog catalog;
  private final Map<String, Rendered> byPathAndForm;

  DiscoveryDocuments(ApiCatalog catalog, String serverAddress) {
    this.catalog = catalog;
    Map<String, Rendered> documents = new HashMap<>();
    List<Group> core = catalog.groups().stream().filter(g -> g.name().isEmpty()).toList();
    List<Group> named = catalog.groups().stream().filter(g -> !g.name().isEmpty()).toList();
    List<Version> coreVersions = core.stream().flatMap(g -> g.versions().stream()).toList();
    documents.put("/api", plain(LegacyDiscovery.coreVersions(coreVersions, serverAddress)));
    documents.put("/apis", plain(LegacyDiscovery.groupList(named)));
    for (String version : List.of("v2", "v2beta1")) {
      String type = "application/json;g=apidiscovery.k8s.io;v=" + version + AGGREGATED;
      documents.put("/api" + version, rendered(type, AggregatedDiscovery.render(core, version)));
      documents.put("/apis" + version, rendered(type, AggregatedDiscovery.render(named, version)));
    }
    for (Group group : catalog.groups()) {
      String groupPath = group.name().isEmpty() ? "/api" : "/apis/" + group.name();
      if (!group.name().isEmpty()) {
        documents.put(groupPath, plain(LegacyDiscovery.group(group)));
      }
      for (Version version : group.versions()) {
        documents.put(
            groupPath + "/" + version.name(), plain(LegacyDiscovery.resourceList(group, version)));
      }
    }
    byPathAndForm = Map.copyOf(documents);
  }

  ApiCatalog catalog() {
    return catalog;
  }

  /**
   * The document for a path.
   *
   * @param path without trailing slash
   * @param accept the Accept header; null if absent
   * @return null if there is none: the group or version is not offered
   */
  @Nullable Rendered find(String path, @Nullable String accept) {
    if (accept != null && (path.equals("/api") || path.equals("/apis"))) {
      return byPathAndForm.get(path + aggregatedVersion(accept));
    }
    return byPathAndForm.get(path);
  }

  /**
   * The version of aggregated discovery that the client prefers, or an empty string for the legacy
   * documents. Clients write their wishes in order and without q; the plain type ends the list.
   */
  private static String aggregatedVersion(String accept) {
    for (String clause : accept.split(",", -1)) {
      String normal = clause.replace(" ", "").toLowerCase(Locale.ROOT);
      List<String> parts = List.of(normal.split(";", -1));
      if (parts.contains("g=apidiscovery.k8s.io") && parts.contains("as=apigroupdiscoverylist")) {
        for (String version : List.of("v2", "v2beta1")) {
          if (parts.contains("v=" + version)) {
            return version;
          }
        }
      } else if (parts.size() == 1 && normal.equals("application/json")) {
        return "";
      }
    }
    return "";
  }

  private static Rendered plain(JsonNode document) {
    return rendered("application/json", document);
  }

  private static Rendered rendered(String contentType, JsonNode document) {
    try {
      byte[] json = (JSON.writeValueAsString(document) + "\n").getBytes(StandardCharsets.UTF_8);
      return Rendered.of(contentType, json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree can always be written", e);
    }
  }
}
