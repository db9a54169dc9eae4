package io.multicluster.server.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.resource.GroupResource;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RouterTest {
  private record Named(String name) implements Route {
    @Override
    public boolean neverBlocks(RequestInfo info) {
      return true;
    }

    @Override
    public void answer(RoutedRequest request) {}
  }

  private record Version() implements OwnEndpoint {
    @Override
    public boolean serves(RequestInfo info) {
      return info.path().equals("/version");
    }

    @Override
    public boolean neverBlocks(RequestInfo info) {
      return true;
    }

    @Override
    public void answer(RoutedRequest request) {}
  }

  private static Router router(boolean allFederated) {
    return new Router(
        new OfferedResources(
            Set.of(GroupResource.PODS, GroupResource.EVENTS),
            Set.of(new GroupResource("metrics.k8s.io", "pods")),
            Set.of(new GroupResource("apps", "deployments")),
            allFederated),
        List.of(new Version()),
        new Router.Routes(
            new Named("cached reads"),
            new Named("cached writes"),
            new Named("gathered"),
            new Named("federated"),
            new Named("member"),
            new Named("not served")));
  }

  @ParameterizedTest
  @CsvSource({
    "GET,/api/v1/pods,cached reads",
    "GET,/apis/metrics.k8s.io/v1beta1/pods,gathered",
    "GET,/clusters/m/apis/metrics.k8s.io/v1beta1/pods,member",
    "GET,/api/v1/namespaces/x/pods/y,cached reads",
    "GET,/api/v1/watch/pods,cached reads",
    "GET,/clusters/m/api/v1/pods,cached reads",
    "HEAD,/api/v1/pods,cached reads",
    "GET,/api/v1/namespaces/x/pods/y/log,cached writes",
    "POST,/api/v1/namespaces/x/pods,cached writes",
    "DELETE,/api/v1/namespaces/x/pods,cached writes",
    "DELETE,/api/v1/namespaces/x/pods/y,cached writes",
    "POST,/clusters/m/api/v1/namespaces/x/pods,cached writes",
    "GET,/clusters/m/api/v1/nodes,member",
    "GET,/clusters/m/version,member",
    "GET,/clusters/m,member",
    "GET,/apis/apps/v1/deployments,federated",
    "PATCH,/apis/apps/v1/namespaces/x/deployments/y/scale,federated",
    "POST,/apis/authorization.k8s.io/v1/selfsubjectaccessreviews,federated",
    "POST,/apis/authentication.k8s.io/v1/selfsubjectreviews,federated",
    "POST,/apis/authorization.k8s.io/v1/subjectaccessreviews,not served",
    "GET,/api/v1/secrets,not served",
    "GET,/apis/none/v1/pods,not served",
    "GET,/nowhere,not served"
  })
  void picksTheRouteByKindVerbAndEntry(String method, String path, String route) {
    RequestInfo info = RequestInfoParser.parse(method, path, Query.EMPTY);

    assertThat(router(false).route(info)).isEqualTo(new Named(route));
  }

  @ParameterizedTest
  @CsvSource({
    "GET,/api/v1/secrets,federated",
    "GET,/apis/none/v1/pods,federated",
    "GET,/api/v1/pods,cached reads",
    "GET,/nowhere,not served"
  })
  void offersEverythingThatTheControlPlaneHasIfToldSo(String method, String path, String route) {
    RequestInfo info = RequestInfoParser.parse(method, path, Query.EMPTY);

    assertThat(router(true).route(info)).isEqualTo(new Named(route));
  }

  @org.junit.jupiter.api.Test
  void answersItsOwnPathsForTheFederationOnly() {
    RequestInfo info = RequestInfoParser.parse("GET", "/version", Query.EMPTY);

    assertThat(router(false).route(info)).isEqualTo(new Version());
  }
}
