package io.multicluster.authn;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.user.UserInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttributesTest {
  private static final UserInfo JANE = user("jane");

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\'',
      textBlock =
          """
          list,   '',   pods,        '',     shop, '',    'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "shop"'
          get,    '',   pods,        '',     shop, web-0, 'pods "web-0" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "shop"'
          create, '',   pods,        exec,   shop, web-0, 'pods "web-0" is forbidden: User "jane" cannot create resource "pods/exec" in API group "" in the namespace "shop"'
          list,   apps, deployments, '',     '',   '',    'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" at the cluster scope'
          """)
  void refusalsOfResourcesReadAsKubeApiserverWordsThem(
      String verb,
      String group,
      String resource,
      String subresource,
      String namespace,
      String name,
      String message) {
    Attributes attributes =
        Attributes.ofResource(
            JANE, verb, new GroupResource(group, resource), "v1", subresource, namespace, name);

    Status status = attributes.forbidden("").status();

    assertThat(status.message()).isEqualTo(message);
    assertThat(status.code()).isEqualTo(403);
    assertThat(status.reason()).isEqualTo("Forbidden");
    assertThat(status.details())
        .isEqualTo(new Status.Details(name, group, resource, "", List.of(), 0));
  }

  @Test
  void aRefusedPathHasEmptyDetails() {
    Status status = Attributes.ofPath(JANE, "get", "/metrics").forbidden("").status();

    assertThat(status.message()).isEqualTo("forbidden: User \"jane\" cannot get path \"/metrics\"");
    assertThat(status.details()).isEqualTo(Status.Details.EMPTY);
  }

  @Test
  void theAuthorizersReasonEndsTheMessage() {
    Status status =
        Attributes.ofPath(JANE, "get", "/x")
            .forbidden("RBAC: role.rbac.authorization.k8s.io \"x\" not found")
            .status();

    assertThat(status.message())
        .endsWith("path \"/x\": RBAC: role.rbac.authorization.k8s.io \"x\" not found");
  }

  @Test
  void markupAndControlCharactersOfClientsAreEscaped() {
    Status status =
        Attributes.ofPath(user("<b>&\"\n\u0001\u00e9\u200b"), "get", "/x").forbidden("").status();

    assertThat(status.message())
        .isEqualTo(
            "forbidden: User \"&lt;b&gt;&amp;\\\"\\n\\x01\u00e9\\u200b\" cannot get path \"/x\"");
  }

  @Test
  void selectorsBelongToListsOnly() {
    assertThat(Attributes.of(JANE, pods("list"), "a=b", "c=d").fieldSelector()).isEqualTo("a=b");
    assertThat(Attributes.of(JANE, pods("deletecollection"), "a=b", "c=d").labelSelector())
        .isEqualTo("c=d");
    assertThat(Attributes.of(JANE, pods("get"), "a=b", "c=d").fieldSelector()).isEmpty();
  }

  private static RequestInfo pods(String verb) {
    return new RequestInfo(true, verb, "/api/v1/pods", "", "api", "", "v1", "", "pods", "", "", "");
  }

  private static UserInfo user(String name) {
    return new UserInfo(name, "", List.of(UserInfo.AUTHENTICATED), Map.of());
  }
}
