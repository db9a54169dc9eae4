package io.multicluster.server.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.server.discovery.OpenApiPruner.Form;
import io.multicluster.wire.resource.GroupResource;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class OpenApiPrunerTest {
  private static final Predicate<GroupResource> OFFERED =
      Set.of(new GroupResource("", "configmaps"), new GroupResource("apps", "deployments"))
          ::contains;
  private final OpenApiPruner pruner = new OpenApiPruner(Form.V3, OFFERED);

  @Test
  void keepsThePathsOfOfferedResourcesInAllTheirForms() {
    assertThat(pruner.keepsPath("/api/v1/configmaps")).isTrue();
    assertThat(pruner.keepsPath("/api/v1/namespaces/{namespace}/configmaps/{name}")).isTrue();
    assertThat(pruner.keepsPath("/api/v1/watch/namespaces/{namespace}/configmaps/{name}")).isTrue();
    assertThat(pruner.keepsPath("/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"))
        .isTrue();
    assertThat(pruner.keepsPath("/api/v1/")).isTrue();
    assertThat(pruner.keepsPath("/version/")).isTrue();
  }

  @Test
  void dropsThePathsOfEverythingElse() {
    assertThat(pruner.keepsPath("/api/v1/secrets")).isFalse();
    assertThat(pruner.keepsPath("/api/v1/namespaces/{namespace}/secrets")).isFalse();
    assertThat(pruner.keepsPath("/api/v1/namespaces/{name}/status")).isFalse();
    assertThat(pruner.keepsPath("/apis/batch/v1/namespaces/{namespace}/deployments")).isFalse();
  }

  @Test
  void keepsTheNamespacePathByWhichClientsDetectServerSideValidation() {
    assertThat(pruner.keepsPath("/api/v1/namespaces/{name}")).isTrue();
  }

  @Test
  void keepsTheSchemasThatTheRemainingPathsReach() throws Exception {
    ObjectNode document =
        (ObjectNode)
            new ObjectMapper()
                .readTree(
                    """
                    {"paths":{
                       "/api/v1/configmaps":{"get":{"x":{"$ref":"#/components/schemas/List"}}},
                       "/api/v1/secrets":{"get":{"x":{"$ref":"#/components/schemas/Secret"}}}},
                     "components":{"schemas":{
                       "List":{"items":{"$ref":"#/components/schemas/Item"}},
                       "Item":{"self":{"$ref":"#/components/schemas/List"}},
                       "Secret":{}},
                       "securitySchemes":{"a":{}}}}
                    """);
    assertThat(pruner.prune(document)).containsExactlyInAnyOrder("List", "Item");
    assertThat(document.path("paths").size()).isEqualTo(1);
    assertThat(document.path("components").path("schemas").properties()).hasSize(2);
    assertThat(document.path("components").path("securitySchemes").has("a")).isTrue();
  }

  @Test
  void cutsTheProtobufFormByTheSameNames() {
    byte[] document =
        concat(
            field(1, utf8("3.0.0")),
            field(4, concat(entry("/api/v1/configmaps"), entry("/api/v1/secrets"))),
            field(5, field(1, concat(entry("List"), entry("Secret")))));
    byte[] expected =
        concat(
            field(1, utf8("3.0.0")),
            field(4, entry("/api/v1/configmaps")),
            field(5, field(1, entry("List"))));
    assertThat(pruner.prune(document, Set.of("List"))).isEqualTo(expected);
  }

  private static byte[] entry(String name) {
    return field(1, concat(field(1, utf8(name)), field(2, utf8("v".repeat(200)))));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] field(int number, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write((number << 3) | 2);
    if (content.length > 127) {
      out.write((content.length & 127) | 128);
      out.write(content.length >> 7);
    } else {
      out.write(content.length);
    }
    out.writeBytes(content);
    return out.toByteArray();
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
