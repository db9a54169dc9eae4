package io.multicluster.server.flowcontrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.user.UserInfo;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class FlowConfigurationTest {
  @Test
  void putsRequestsWhereKubeApiserverPutsThem() {
    assertThat(schema(user("admin", UserInfo.SYSTEM_MASTERS), "DELETE", "/api/v1/nodes/n"))
        .isEqualTo("exempt");
    assertThat(schema(user("jane"), "GET", "/readyz")).isEqualTo("probes");
    assertThat(schema(user("jane"), "GET", "/api/v1/pods")).isEqualTo("global-default");
    assertThat(schema(user("jane"), "GET", "/version")).isEqualTo("global-default");
    assertThat(
            schema(
                user("system:serviceaccount:shop:bot", "system:serviceaccounts"),
                "GET",
                "/api/v1/pods"))
        .isEqualTo("service-accounts");
    assertThat(
            schema(
                user("system:serviceaccount:kube-system:ctl", "system:serviceaccounts"),
                "GET",
                "/api/v1/pods"))
        .isEqualTo("kube-system-service-accounts");
    assertThat(
            schema(
                user("system:kube-scheduler"),
                "PUT",
                "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/s"))
        .isEqualTo("system-leader-election");
    assertThat(schema(user("system:node:n", "system:nodes"), "PATCH", "/api/v1/nodes/n/status"))
        .isEqualTo("system-node-high");
    assertThat(schema(user("system:node:n", "system:nodes"), "GET", "/api/v1/pods"))
        .isEqualTo("system-nodes");
  }

  @Test
  void leavesOutSchemasOfLevelsThatDoNotExistAndHasWhatIsMandatory() {
    FlowSchema lost =
        new FlowSchema(
            "lost", AsciiString.of("u"), 5, "nowhere", FlowSchema.Distinguisher.NONE, List.of());

    FlowConfiguration configuration = FlowConfiguration.of(List.of(lost), List.of());

    assertThat(configuration.schemas())
        .extracting(FlowSchema::name)
        .containsExactly("exempt", "catch-all");
    assertThat(configuration.levels()).containsOnlyKeys("exempt", "catch-all");
  }

  private static UserInfo user(String name, String... groups) {
    List<String> all = new java.util.ArrayList<>(List.of(groups));
    all.add(UserInfo.AUTHENTICATED);
    return new UserInfo(name, "", all, Map.of());
  }

  private static String schema(UserInfo user, String method, String path) {
    RequestInfo info = RequestInfoParser.parse(method, path, Query.EMPTY);
    return FlowConfiguration.DEFAULT.schemas().stream()
        .filter(schema -> schema.matches(user, info))
        .findFirst()
        .orElseThrow()
        .name();
  }
}
