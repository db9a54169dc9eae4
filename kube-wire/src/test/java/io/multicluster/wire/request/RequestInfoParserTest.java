package io.multicluster.wire.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.status.ApiException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestInfoParserTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/healthz", "/openapi/v3", "/api", "/api/v1", "/apis/apps", "/apis/apps/v1"})
  void pathsWithoutResourceKeepMethodAndPath(String path) {
    RequestInfo info = parse("GET", path);
    assertThat(info.resourceRequest()).isFalse();
    assertThat(info.verb()).isEqualTo("get");
    assertThat(info.path()).isEqualTo(path);
    assertThat(info.readOnly()).isTrue();
  }

  /** Columns: request, verb, group/version, namespace, resource/subresource, name. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      emptyValue = "",
      delimiter = '|',
      value = {
        "GET /api/v1/pods|list|/v1|''|pods|''",
        "GET /api/v1/pods/|list|/v1|''|pods|''",
        "HEAD /api/v1/pods|list|/v1|''|pods|''",
        "POST /api/v1/namespaces/shop/pods|create|/v1|shop|pods|''",
        "GET /apis/apps/v1/deployments|list|apps/v1|''|deployments|''",
        "GET /api/v1/namespaces/shop/pods|list|/v1|shop|pods|''",
        "GET /api/v1/namespaces/shop/pods/web-0|get|/v1|shop|pods|web-0",
        "HEAD /api/v1/namespaces/shop/pods/web-0|get|/v1|shop|pods|web-0",
        "PUT /api/v1/namespaces/shop/pods/web-0|update|/v1|shop|pods|web-0",
        "PATCH /api/v1/namespaces/shop/pods/web-0/status|patch|/v1|shop|pods/status|web-0",
        "DELETE /api/v1/namespaces/shop/pods/web-0|delete|/v1|shop|pods|web-0",
        "DELETE /api/v1/namespaces/shop/pods|deletecollection|/v1|shop|pods|''",
        "OPTIONS /api/v1/namespaces/shop/pods|''|/v1|shop|pods|''",
        "GET /api/v1/namespaces/shop/pods/web-0/log|get|/v1|shop|pods/log|web-0",
        "POST /api/v1/namespaces/shop/pods/web-0/exec|create|/v1|shop|pods/exec|web-0",
        "GET /api/v1/namespaces|list|/v1|''|namespaces|''",
        "GET /api/v1/namespaces/shop|get|/v1|shop|namespaces|shop",
        "PUT /api/v1/namespaces/shop/status|update|/v1|shop|namespaces/status|shop",
        "PUT /api/v1/namespaces/shop/finalize|update|/v1|shop|namespaces/finalize|shop",
        "GET /api/v1/watch/pods|watch|/v1|''|pods|''",
        "GET /api/v1/watch/namespaces/shop/pods/web-0|watch|/v1|shop|pods|web-0",
        "GET /apis/apps/v1/watch/deployments|watch|apps/v1|''|deployments|''",
        "GET /api/v1/proxy/nodes/n1/x|proxy|/v1|''|nodes|n1",
        "GET /api/v1/pods?watch|watch|/v1|''|pods|''",
        "GET /api/v1/pods?watch=|watch|/v1|''|pods|''",
        "GET /api/v1/pods?watch=TRUE|watch|/v1|''|pods|''",
        "GET /api/v1/pods?watch=no|watch|/v1|''|pods|''",
        "GET /api/v1/pods?watch=0|list|/v1|''|pods|''",
        "GET /api/v1/pods?watch=False|list|/v1|''|pods|''",
        "GET /api/v1/pods?Watch=1|list|/v1|''|pods|''",
        "GET /api/v1/namespaces/shop/pods/web-0?watch=1|get|/v1|shop|pods|web-0",
        "GET /api/v1/pods?fieldSelector=metadata.name%3Dweb-0|list|/v1|''|pods|web-0",
        "GET /api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dn,metadata.name%3D%3Dx|watch|/v1|''|pods|x",
        "GET /api/v1/pods?fieldSelector=metadata.name!%3Dweb-0|list|/v1|''|pods|''",
        "GET /api/v1/pods?fieldSelector=metadata.name%3D..|list|/v1|''|pods|''",
        "GET /api/v1/pods?fieldSelector=metadata.name%3D%5C|list|/v1|''|pods|''",
        "DELETE /api/v1/namespaces/x/pods?fieldSelector=metadata.name%3Dy|deletecollection|/v1|x|pods|''",
        "GET /apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aadmin|get|rbac.authorization.k8s.io/v1|''|clusterroles|system:admin",
      })
  void attributesFollowFromMethodPathAndQuery(
      String request,
      String verb,
      String groupVersion,
      String namespace,
      String resource,
      String name) {
    int blank = request.indexOf(' ');
    RequestInfo info = parse(request.substring(0, blank), request.substring(blank + 1));
    assertThat(info.resourceRequest()).isTrue();
    assertThat(info.verb()).as("verb").isEqualTo(verb);
    assertThat(info.group() + "/" + info.version()).as("group/version").isEqualTo(groupVersion);
    assertThat(info.namespace()).as("namespace").isEqualTo(namespace);
    assertThat(info.resource() + (info.subresource().isEmpty() ? "" : "/" + info.subresource()))
        .as("resource")
        .isEqualTo(resource);
    assertThat(info.name()).as("name").isEqualTo(name);
    assertThat(info.cluster()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      emptyValue = "",
      value = {
        "/api/v1/namespaces/shop/pods/web-0/proxy,''",
        "/api/v1/namespaces/shop/pods/web-0/proxy/,''",
        "/api/v1/namespaces/shop/pods/web-0/proxy/a/b,a/b",
        "/api/v1/namespaces/shop/pods/web-0/proxy/a%2Fb%20c/,a%2Fb%20c/",
        "/api/v1/namespaces/shop/pods/web-0/proxy/%2e%2e/x,%2e%2e/x",
        "//api/v1/namespaces/shop/services/http%3Aweb%3A80/proxy/metrics,metrics",
        "/api/v1/namespaces%2Fshop/pods/web-0/proxy/x,x",
        "/clusters/m1/api/v1/nodes/n1/proxy/healthz/,healthz/",
      })
  void whatFollowsProxyStaysEscaped(String path, String rest) {
    RequestInfo info = parse("GET", path);
    assertThat(info.subresource()).isEqualTo("proxy");
    assertThat(info.rest()).isEqualTo(rest);
  }

  @ParameterizedTest
  @CsvSource({
    "/api/v1/namespaces/shop/pods/web/proxy/,web",
    "/api/v1/namespaces/shop/pods/web:80/proxy/,web",
    "/api/v1/namespaces/shop/pods/https:web:/proxy/,web",
    "/api/v1/namespaces/shop/services/https%3Aweb%3Ametrics/proxy/x,web",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node,system:node",
  })
  void theNameBelowProxyMayHaveSchemeAndPort(String path, String name) {
    assertThat(parse("GET", path).objectName()).isEqualTo(name);
  }

  @Test
  void theEntryOfAClusterIsCutOff() {
    RequestInfo pods = parse("GET", "/clusters/test%31/api/v1/namespaces/shop/pods/web-0");
    assertThat(pods.cluster()).isEqualTo("test1");
    assertThat(pods.path()).isEqualTo("/api/v1/namespaces/shop/pods/web-0");
    assertThat(pods.name()).isEqualTo("web-0");
    RequestInfo version = parse("GET", "/clusters/test1/version");
    assertThat(version.cluster()).isEqualTo("test1");
    assertThat(version.path()).isEqualTo("/version");
    assertThat(version.resourceRequest()).isFalse();
    assertThat(parse("GET", "/clusters/test1").path()).isEqualTo("/");
    assertThat(parse("GET", "/clusters").cluster()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "/api/v1/pods,/api/v1/pods",
    "/clusters/m1/api/v1/pods/a%2Fb,/api/v1/pods/a%2Fb",
    "/clusters/m1,/",
    "/clusters/m1/,/",
  })
  void theUpstreamPathHasNoClusterAndStaysEscaped(String path, String upstream) {
    assertThat(RequestInfoParser.withoutCluster(path)).isEqualTo(upstream);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/namespaces/../pods",
        "/api/v1/namespaces/x/pods/..",
        "/api/v1/namespaces/x/pods/%2e",
        "/api/v1/namespaces/x/pods/a%2525",
        "/api/v1/namespaces/x/pods/%zz",
        "/api/v1/namespaces/x/pods/%4",
        "/api/v1/namespaces/x/pods/%",
      })
  void pathsThatNoServerMeansAreBadRequests(String path) {
    assertThatThrownBy(() -> parse("GET", path))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(400));
  }

  @Test
  void aLegacyPrefixAloneIsNotFound() {
    assertThatThrownBy(() -> parse("GET", "/api/v1/watch"))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(404));
  }

  @Test
  void anEncodedSlashSeparatesParts() {
    RequestInfo info = parse("GET", "/api/v1/namespaces/shop%2Fsecrets/x");
    assertThat(info.namespace()).isEqualTo("shop");
    assertThat(info.resource()).isEqualTo("secrets");
  }

  private static RequestInfo parse(String method, String target) {
    int mark = target.indexOf('?');
    return mark < 0
        ? RequestInfoParser.parse(method, target, Query.EMPTY)
        : RequestInfoParser.parse(
            method, target.substring(0, mark), Query.parse(target.substring(mark + 1)));
  }
}
