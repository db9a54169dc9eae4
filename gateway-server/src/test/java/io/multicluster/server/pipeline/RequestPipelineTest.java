package io.multicluster.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.authn.AnonymousAccess;
import io.multicluster.authn.Attributes;
import io.multicluster.authn.Authentication;
import io.multicluster.authn.AuthenticationRequest;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.AuthenticatorChain;
import io.multicluster.authn.Authorizer;
import io.multicluster.authn.Decision;
import io.multicluster.authn.Impersonation;
import io.multicluster.server.audit.Auditor;
import io.multicluster.server.flowcontrol.FlowControl;
import io.multicluster.server.metrics.MetricsText;
import io.multicluster.server.metrics.RequestMetrics;
import io.multicluster.server.route.HealthEndpoints;
import io.multicluster.server.route.NotServed;
import io.multicluster.server.route.OfferedResources;
import io.multicluster.server.route.Route;
import io.multicluster.server.route.RoutedRequest;
import io.multicluster.server.route.Router;
import io.multicluster.server.transport.TestServer;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class RequestPipelineTest {
  private final AtomicBoolean ready = new AtomicBoolean(true);
  private final RequestMetrics metrics = new RequestMetrics();
  private TestServer server;
  private HttpClient client;
  private volatile Route pods = answering(true, "pods");

  @BeforeEach
  void start() throws Exception {
    OfferedResources offered =
        new OfferedResources(
            Set.of(GroupResource.PODS), Set.of(), Set.of(new GroupResource("", "secrets")), false);
    RequestPipeline pipeline =
        new RequestPipeline(
            metrics,
            new Authenticate(
                new AuthenticatorChain(List.of(new ByHeader()), AnonymousAccess.HEALTH)),
            Auditor.silent(),
            new Impersonate(new Impersonation(new ByUserName())),
            FlowControl.withoutQueues(2),
            new Authorize(new ByUserName(), offered),
            new Router(
                offered,
                List.of(
                    new HealthEndpoints(List.of(new HealthEndpoints.Check("cache", ready::get)))),
                new Router.Routes(
                    new Pods(),
                    new NotServed(),
                    new NotServed(),
                    answering(false, "control plane"),
                    answering(false, "member"),
                    new NotServed())),
            Executors.newVirtualThreadPerTaskExecutor());
    server = new TestServer(pipeline);
    client = TestServer.client(Version.HTTP_2);
  }

  @AfterEach
  void stop() {
    client.shutdownNow(); // some tests leave requests that never end
    server.close();
  }

  @Test
  void staysOnTheLoopOnTheEventLoopAndOtherwiseOnAThreadOfItsOwn() throws Exception {
    assertThat(get("/api/v1/pods", "user", "jane").body()).isEqualTo("pods on the loop");
    assertThat(get("/api/v1/secrets", "user", "jane").body())
        .isEqualTo("control plane on a virtual thread");
    // An authorizer that has to ask is asked off the loop.
    assertThat(get("/api/v1/pods", "user", "unknown").body()).isEqualTo("pods on a virtual thread");
  }

  @Test
  void countsRequestsUnderTheNamesOfKubeApiserver() throws Exception {
    get("/api/v1/namespaces/x/pods", "user", "jane");
    get("/api/v1/namespaces/x/pods", "user", "jane");
    get("/apis/hidden/v1/things", "user", "mallory");

    String labels =
        "{verb=\"LIST\",dry_run=\"\",group=\"\",version=\"v1\",resource=\"pods\",subresource=\"\","
            + "scope=\"namespace\",component=\"apiserver\"";
    Awaitility.await("the ends of these requests")
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() ->
            assertThat(page().lines())
                .contains(
                    "apiserver_request_total" + labels + ",code=\"200\"} 2",
                    "apiserver_request_duration_seconds_bucket" + labels + ",le=\"+Inf\"} 2",
                    "apiserver_request_duration_seconds_count" + labels + "} 2",
                    "apiserver_current_inflight_requests{request_kind=\"readOnly\"} 0")
                .anyMatch(line ->
                    line.contains("resource=\"things\"") && line.endsWith("code=\"403\"} 1")));
  }

  @Test
  void theNumberOfSeriesHasALimit() throws Exception {
    for (int i = 0; i < 2100; i++) {
      get("/apis/hidden/v1/things" + i, "user", "mallory");
    }

    Awaitility.await("the ends of these requests")
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() ->
            assertThat(page().lines())
                .anyMatch(line ->
                    line.startsWith("apiserver_request_total")
                        && line.contains("resource=\"other\"")
                        && line.endsWith(" 52")));
  }

  private String page() {
    MetricsText page = new MetricsText();
    metrics.write(page);
    return new String(page.bytes(), StandardCharsets.UTF_8);
  }

  @Test
  void checksInTheOrderOfKubeApiserver() throws Exception {
    assertThat(get("/apis/hidden/v1/things?timeout=abc").statusCode()).isEqualTo(400);
    assertThat(get("/apis/hidden/v1/things").statusCode()).isEqualTo(401);
    assertThat(get("/apis/hidden/v1/things", "user", "mallory").statusCode()).isEqualTo(403);
    assertThat(get("/apis/hidden/v1/things", "user", "jane").statusCode()).isEqualTo(404);
  }

  @Test
  void givesEveryAnswerAnAuditIdAndForbidsCaching() throws Exception {
    HttpResponse<String> own = get("/api/v1/pods", "user", "jane", "Audit-ID", "mine");
    assertThat(own.headers().allValues("audit-id")).containsExactly("mine");
    assertThat(own.headers().allValues("cache-control")).containsExactly("no-cache, private");

    String generated = get("/api/v1/pods").headers().firstValue("audit-id").orElseThrow();
    assertThat(java.util.UUID.fromString(generated).version()).isEqualTo(4);
  }

  @Test
  void wordsRefusalsAsKubeApiserver() throws Exception {
    HttpResponse<String> refused = get("/api/v1/namespaces/shop/pods/web-0", "user", "mallory");
    assertThat(refused.headers().firstValue("x-content-type-options")).contains("nosniff");
    assertThat(refused.body())
        .isEqualTo(
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
                + "\"message\":\"pods \\\"web-0\\\" is forbidden: User \\\"mallory\\\" cannot get "
                + "resource \\\"pods\\\" in API group \\\"\\\" in the namespace \\\"shop\\\"\","
                + "\"reason\":\"Forbidden\",\"details\":{\"name\":\"web-0\",\"kind\":\"pods\"},"
                + "\"code\":403}\n");
    assertThat(get("/api/v1/pods").body()).contains("\"message\":\"Unauthorized\"");
  }

  @Test
  void sendsErrorsInProtobufToClientsThatAcceptNothingElse() throws Exception {
    HttpResponse<String> answer =
        get(
            "/apis/hidden/v1/things",
            "user",
            "jane",
            "Accept",
            "application/vnd.kubernetes.protobuf");

    assertThat(answer.headers().firstValue("content-type"))
        .contains("application/vnd.kubernetes.protobuf");
    assertThat(answer.body()).startsWith("k8s\0");
  }

  @Test
  void answersARouteThatIsLateWith504() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    pods = new Silent(new CountDownLatch(1), closed);

    HttpResponse<String> answer = get("/api/v1/pods?timeout=50ms", "user", "jane");

    assertThat(answer.statusCode()).isEqualTo(504);
    assertThat(answer.body())
        .contains(
            "Timeout: request did not complete within requested timeout - context deadline"
                + " exceeded");
    assertThat(answer.headers().firstValue("retry-after")).isEmpty();
    assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void turnsAFaultInARouteInto500WithoutTellingWhat() throws Exception {
    pods =
        new Doing(() -> {
          throw new IllegalStateException("secret detail");
        });

    HttpResponse<String> answer = get("/api/v1/pods", "user", "jane");

    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).contains("InternalError").doesNotContain("secret detail");
  }

  @Test
  void letsThoseWhoMayActAsSomebodyElse() throws Exception {
    assertThat(get("/api/v1/pods", "user", "jane", "Impersonate-User", "mallory").body())
        .contains("User \\\"mallory\\\" cannot list");
    assertThat(get("/api/v1/pods", "user", "mallory", "Impersonate-User", "jane").statusCode())
        .isEqualTo(403);
    assertThat(get("/api/v1/pods", "user", "jane", "Impersonate-Group", "g").statusCode())
        .isEqualTo(400);
  }

  @Test
  void rejectsReadsBeyondTheLimitInPlainText() throws Exception {
    assertThat(get("/api/v1/pods", "user", "jane").statusCode()).isEqualTo(200);
    CountDownLatch bothThere = new CountDownLatch(2);
    pods = new Silent(bothThere, new CountDownLatch(1));
    for (int i = 0; i < 2; i++) {
      client.sendAsync(request("/api/v1/pods", "user", "jane").build(), BodyHandlers.discarding());
    }
    assertThat(bothThere.await(10, TimeUnit.SECONDS)).isTrue();
    HttpResponse<String> rejected = get("/api/v1/pods", "user", "jane");

    assertThat(rejected.statusCode()).isEqualTo(429);
    assertThat(rejected.body()).isEqualTo("Too many requests, please try again later.\n");
    assertThat(rejected.headers().firstValue("retry-after")).contains("1");
  }

  @Test
  void needsThePermissionOfKarmadaForTheEntryOfOneCluster() throws Exception {
    HttpResponse<String> refused = get("/clusters/m1/api/v1/nodes", "user", "mallory");

    assertThat(refused.body())
        .contains(
            "clusters.cluster.karmada.io \\\"m1\\\" is forbidden: User \\\"mallory\\\" cannot get"
                + " resource \\\"clusters/proxy\\\" in API group \\\"cluster.karmada.io\\\" at the"
                + " cluster scope");
    assertThat(get("/clusters/m1/api/v1/nodes", "user", "jane").body()).startsWith("member");
  }

  @Test
  void tellsItsHealthToEverybody() throws Exception {
    assertThat(get("/livez").body()).isEqualTo("ok");
    assertThat(get("/readyz?verbose").body())
        .isEqualTo("[+]ping ok\n[+]cache ok\nreadyz check passed\n");
    ready.set(false);
    HttpResponse<String> notReady = get("/readyz");
    assertThat(notReady.statusCode()).isEqualTo(500);
    assertThat(notReady.body())
        .isEqualTo("[+]ping ok\n[-]cache failed: reason withheld\nreadyz check failed\n");
    assertThat(get("/livez").statusCode()).isEqualTo(200);
    assertThat(get("/readyz?exclude=cache").statusCode()).isEqualTo(200);
    assertThat(get("/readyz/cache", "user", "jane").statusCode()).isEqualTo(500);
    assertThat(get("/readyz/ping", "user", "jane").body()).isEqualTo("ok");
    assertThat(get("/readyz/other", "user", "jane").statusCode()).isEqualTo(404);
  }

  private HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request = server.request(path);
    return headers.length == 0 ? request : request.headers(headers);
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    return client.send(request(path, headers).build(), BodyHandlers.ofString());
  }

  private static Route answering(boolean neverBlocks, String name) {
    return new Route() {
      @Override
      public boolean neverBlocks(RequestInfo info) {
        return neverBlocks;
      }

      @Override
      public void answer(RoutedRequest request) {
        TestServer.answer(
            request.exchange(),
            200,
            name
                + (request.exchange().eventLoop().inEventLoop()
                    ? " on the loop"
                    : " on a virtual thread"));
      }
    };
  }

  /** The route of pods, which tests replace. */
  private final class Pods implements Route {
    @Override
    public boolean neverBlocks(RequestInfo info) {
      return pods.neverBlocks(info);
    }

    @Override
    public void answer(RoutedRequest request) {
      pods.answer(request);
    }
  }

  private record Doing(Runnable what) implements Route {
    @Override
    public boolean neverBlocks(RequestInfo info) {
      return true;
    }

    @Override
    public void answer(RoutedRequest request) {
      what.run();
    }
  }

  /** Never answers. */
  private record Silent(CountDownLatch arrived, CountDownLatch closed) implements Route {
    @Override
    public boolean neverBlocks(RequestInfo info) {
      return true;
    }

    @Override
    public void answer(RoutedRequest request) {
      request.exchange().response().onClose(closed::countDown);
      arrived.countDown();
    }
  }

  private static final class ByHeader implements Authenticator {
    @Override
    public @Nullable UserInfo authenticate(AuthenticationRequest request) {
      CharSequence user = request.headers().get("user");
      return user == null
          ? null
          : new UserInfo(user.toString(), "", List.of(UserInfo.AUTHENTICATED), Map.of());
    }

    @Override
    public Authentication authenticateNow(AuthenticationRequest request) {
      return Authentication.of(authenticate(request));
    }
  }

  private static final class ByUserName implements Authorizer {
    @Override
    public Decision authorize(Attributes attributes) {
      if (attributes.user().name().equals("unknown") && Thread.currentThread().isVirtual()) {
        return Decision.allow("");
      }
      Decision known = decideNow(attributes);
      if (known == null) {
        throw ApiException.internal("asked on an event loop", new IllegalStateException());
      }
      return known;
    }

    @Override
    public @Nullable Decision decideNow(Attributes attributes) {
      return switch (attributes.user().name()) {
        case "jane" -> Decision.allow("");
        case "unknown" -> null;
        default -> Decision.NO_OPINION;
      };
    }
  }
}
