package io.multicluster.server.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.server.discovery.Documents.Rendered;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DiscoveryDocumentsTest {
  private static final String AGGREGATED =
      """
      {"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[
        {"metadata":{},"versions":[{"version":"v1","freshness":"Current","resources":[
          {"resource":"configmaps","responseKind":{"group":"","version":"v1","kind":"ConfigMap"},
           "scope":"Namespaced","singularResource":"configmap","verbs":["get","list"],"shortNames":["cm"]},
          {"resource":"secrets","responseKind":{"group":"","version":"v1","kind":"Secret"},
           "scope":"Namespaced","singularResource":"secret","verbs":["get"]}]}]},
        {"metadata":{"name":"apps"},"versions":[{"version":"v1","freshness":"Current","resources":[
          {"resource":"deployments","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},
           "scope":"Namespaced","singularResource":"deployment","verbs":["get"],"categories":["all"],
           "subresources":[{"subresource":"scale","responseKind":
             {"group":"autoscaling","version":"v1","kind":"Scale"},"verbs":["get","patch"]}]}]}]},
        {"metadata":{"name":"batch"},"versions":[{"version":"v1","freshness":"Current","resources":[
          {"resource":"jobs","responseKind":{"group":"batch","version":"v1","kind":"Job"},
           "scope":"Namespaced","singularResource":"job","verbs":["get"]}]}]}]}
      """;
  private static final String V2 =
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

  private final DiscoveryDocuments documents =
      new DiscoveryDocuments(
          catalog()
              .filter((group, resource) ->
                  Set.of("configmaps", "deployments").contains(resource.plural())),
          "10.0.0.1:6443");

  @Test
  void aHiddenKindTakesItsVersionAndGroupAlong() throws IOException {
    JsonNode groups = json("/apis", null).path("groups");
    assertThat(groups.findValuesAsText("name")).containsExactly("apps");
    assertThat(documents.find("/apis/batch", null)).isNull();
    assertThat(documents.find("/apis/batch/v1", null)).isNull();
    assertThat(json("/api/v1", null).path("resources").findValuesAsText("name"))
        .containsExactly("configmaps");
  }

  @Test
  void aggregatedDocumentsComeOnlyToThoseWhoAskForThem() throws IOException {
    assertThat(json("/apis", V2).path("kind").asText()).isEqualTo("APIGroupDiscoveryList");
    assertThat(json("/apis", "application/json").path("kind").asText()).isEqualTo("APIGroupList");
    assertThat(json("/api", V2).path("items").path(0).path("metadata").has("name")).isFalse();
    assertThat(find("/apis", V2).contentType())
        .isEqualTo("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  }

  @Test
  void theAggregatedFormSurvivesTheRoundTrip() throws IOException {
    JsonNode all = new ObjectMapper().readTree(AGGREGATED);
    assertThat(json("/apis", V2).path("items").path(0)).isEqualTo(all.path("items").path(1));
  }

  @Test
  void aSubresourceOfAnotherGroupNamesIt() throws IOException {
    JsonNode scale = json("/apis/apps/v1", null).path("resources").path(1);
    assertThat(scale.path("name").asText()).isEqualTo("deployments/scale");
    assertThat(scale.path("group").asText()).isEqualTo("autoscaling");
    assertThat(json("/apis/apps/v1", null).path("resources").path(0).has("group")).isFalse();
  }

  private static ApiCatalog catalog() {
    try {
      return new ApiCatalog(AggregatedDiscovery.parse(new ObjectMapper().readTree(AGGREGATED)));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private Rendered find(String path, @Nullable String accept) {
    Rendered document = documents.find(path, accept);
    assertThat(document).isNotNull();
    return document;
  }

  private JsonNode json(String path, @Nullable String accept) throws IOException {
    return new ObjectMapper().readTree(find(path, accept).body());
  }
}
