package io.multicluster.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.authn.AnonymousAccess;
import io.multicluster.authn.Attributes;
import io.multicluster.authn.Authentication;
import io.multicluster.authn.AuthenticationRequest;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.AuthenticatorChain;
import io.multicluster.authn.Authorizer;
import io.multicluster.authn.Decision;
import io.multicluster.authn.Impersonation;
import io.multicluster.server.flowcontrol.FlowControl;
import io.multicluster.server.metrics.RequestMetrics;
import io.multicluster.server.pipeline.Authenticate;
import io.multicluster.server.pipeline.Authorize;
import io.multicluster.server.pipeline.Impersonate;
import io.multicluster.server.pipeline.RequestPipeline;
import io.multicluster.server.route.ErrorAnswer;
import io.multicluster.server.route.NotServed;
import io.multicluster.server.route.OfferedResources;
import io.multicluster.server.route.Route;
import io.multicluster.server.route.RoutedRequest;
import io.multicluster.server.route.Router;
import io.multicluster.server.transport.TestServer;
import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests through the pipeline, with a log in the test's hands. */
@Timeout(60)
final class AuditedRequestsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MAPS = "/api/v1/namespaces/shop/configmaps";

  private static final AuditPolicy POLICY =
      AuditPolicy.parse(
          """
          apiVersion: audit.k8s.io/v1
          kind: Policy
          omitStages: [RequestReceived]
          rules:
          - {level: RequestResponse, namespaces: [bodies]}
          - {level: Metadata}
          """,
          "test");

  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final BlockingQueue<RoutedRequest> routed = new LinkedBlockingQueue<>();
  private volatile Consumer<RoutedRequest> answer =
      request -> answerJson(request, 200, "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\"}");
  private TestServer server;
  private HttpClient client;

  /** One event that the log was given. */
  private record Event(JsonNode json, Urgency urgency, CompletableFuture<@Nullable Void> done) {}

  @BeforeEach
  void start() throws Exception {
    OfferedResources offered =
        new OfferedResources(
            Set.of(), Set.of(), Set.of(new GroupResource("", "configmaps")), false);
    Route route = new Answering();
    server =
        new TestServer(
            new RequestPipeline(
                new RequestMetrics(),
                new Authenticate(
                    new AuthenticatorChain(List.of(new ByHeader()), AnonymousAccess.HEALTH)),
                new Auditor(POLICY, this::append, 64 * 1024),
                new Impersonate(new Impersonation(new Everybody())),
                FlowControl.withoutQueues(100),
                new Authorize(new Everybody(), offered),
                new Router(
                    offered,
                    List.of(),
                    new Router.Routes(
                        new NotServed(),
                        new NotServed(),
                        new NotServed(),
                        route,
                        route,
                        new NotServed())),
                Executors.newVirtualThreadPerTaskExecutor()));
    client = TestServer.client(Version.HTTP_2);
  }

  @AfterEach
  void stop() {
    client.shutdownNow();
    server.close();
  }

  @Test
  void makesAChangeOnlyOnceItsIntentIsOnDiskAndAnswersOnlyOnceItsOutcomeIs() throws Exception {
    CompletableFuture<HttpResponse<String>> answered = send("PUT", MAPS + "/one", "{}");

    Event intent = next();
    assertThat(intent.urgency).isEqualTo(Urgency.INTENT);
    assertThat(intent.json.path("stage").asText()).isEqualTo("RequestReceived");
    assertThat(routed).as("nothing leaves before the intent is on disk").isEmpty();
    intent.done.complete(null);

    RoutedRequest request = routed.poll(10, TimeUnit.SECONDS);
    assertThat(request).isNotNull();
    Event outcome = next();
    assertThat(outcome.urgency).isEqualTo(Urgency.OUTCOME);
    assertThat(outcome.json.path("stage").asText()).isEqualTo("ResponseComplete");
    assertThat(outcome.json.path("responseStatus").path("code").asInt()).isEqualTo(200);
    assertThat(answered).as("no answer before the outcome is on disk").isNotDone();
    outcome.done.complete(null);

    HttpResponse<String> answer = answered.get(10, TimeUnit.SECONDS);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("audit-id"))
        .contains(outcome.json.path("auditID").asText());
    assertThat(outcome.json.path("auditID")).isEqualTo(intent.json.path("auditID"));
  }

  @Test
  void refusesAChangeWhoseIntentCantBeWritten() throws Exception {
    CompletableFuture<HttpResponse<String>> answered = send("DELETE", MAPS + "/one", "");

    next().done.completeExceptionally(new IOException("No space left on device"));
    Event outcome = next();
    outcome.done.complete(null);

    HttpResponse<String> answer = answered.get(10, TimeUnit.SECONDS);
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("retry-after")).contains("1");
    assertThat(answer.body()).contains("no change is made until it can");
    assertThat(routed).isEmpty();
    assertThat(outcome.json.path("responseStatus").path("reason").asText())
        .isEqualTo("ServiceUnavailable");
    assertThat(outcome.json.at("/annotations/audit.multicluster.io~1outcome").isMissingNode())
        .as("it is certain that nothing was done")
        .isTrue();
  }

  @Test
  void tellsTheClientIfTheOutcomeCouldNotBeWritten() throws Exception {
    CompletableFuture<HttpResponse<String>> answered = send("PATCH", MAPS + "/one", "{}");

    next().done.complete(null);
    next().done.completeExceptionally(new IOException("Input/output error"));

    HttpResponse<String> answer = answered.get(10, TimeUnit.SECONDS);
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("retry-after")).isEmpty();
    assertThat(answer.headers().firstValue("audit-id")).isPresent();
    assertThat(answer.body()).contains("the server had answered 200");
  }

  @Test
  void answersReadsWhateverTheLogDoes() throws Exception {
    HttpResponse<String> answer = send("GET", MAPS + "/one", "").get(10, TimeUnit.SECONDS);

    assertThat(answer.statusCode()).isEqualTo(200);
    Event note = next();
    assertThat(note.urgency).isEqualTo(Urgency.NOTE);
    assertThat(note.json.path("stage").asText()).isEqualTo("ResponseComplete");
    assertThat(events).as("the policy omits the first stage of reads").isEmpty();
  }

  @Test
  void marksTheOutcomeUnknownWhereTheAnswerLeavesItOpen() throws Exception {
    answer = refusing(ApiException.unavailable("the connection broke off", 0));
    assertThat(outcome(afterPut())).as("it may have been done").isEqualTo("unknown");
    answer = refusing(ApiException.unavailable("there is no connection", 1));
    assertThat(outcome(afterPut())).as("it was not done").isEmpty();

    routed.clear();
    answer = _ -> {};
    CompletableFuture<HttpResponse<String>> left = send("PUT", MAPS + "/two", "{}");
    next().done.complete(null);
    assertThat(routed.poll(10, TimeUnit.SECONDS)).isNotNull();
    left.cancel(true);
    Event gone = next();
    assertThat(outcome(gone)).isEqualTo("unknown");
    assertThat(gone.json.at("/responseStatus/code").asInt()).isEqualTo(499);
  }

  @Test
  void passesLongAnswersWholeAfterTheirOutcome() throws Exception {
    String item = "x".repeat(100 * 1024);
    answer =
        request -> {
          request
              .exchange()
              .response()
              .head(200, new DefaultHttp2Headers().set("content-type", "application/json"));
          for (int i = 0; i < 20; i++) {
            request
                .exchange()
                .response()
                .write(Unpooled.copiedBuffer(item, StandardCharsets.US_ASCII));
          }
          request.exchange().response().end(null);
        };
    CompletableFuture<HttpResponse<String>> answered = send("DELETE", MAPS, "");
    next().done.complete(null);
    next().done.complete(null);

    assertThat(answered.get(10, TimeUnit.SECONDS).body()).isEqualTo(item.repeat(20));
  }

  @Test
  void recordsBodiesWhereThePolicyWantsThem() throws Exception {
    answer =
        request ->
            request
                .exchange()
                .requestBody()
                .receive(
                    new Discarding(() ->
                        answerJson(
                            request,
                            201,
                            "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":"
                                + "{\"name\":\"made\",\"uid\":\"u\",\"resourceVersion\":\"7\"},"
                                + "\"data\":{\"a\":\"b\"}}")));
    CompletableFuture<HttpResponse<String>> answered =
        send("POST", "/api/v1/namespaces/bodies/configmaps", "{\"data\": {\"a\":\"b\"}}");
    next().done.complete(null);
    Event outcome = next();
    outcome.done.complete(null);

    assertThat(answered.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(201);
    assertThat(outcome.json.path("requestObject"))
        .isEqualTo(JSON.readTree("{\"data\":{\"a\":\"b\"}}"));
    assertThat(outcome.json.at("/responseObject/data/a").asText()).isEqualTo("b");
    assertThat(outcome.json.path("objectRef"))
        .isEqualTo(
            JSON.readTree(
                "{\"resource\":\"configmaps\",\"namespace\":\"bodies\",\"name\":\"made\","
                    + "\"uid\":\"u\",\"apiVersion\":\"v1\",\"resourceVersion\":\"7\"}"));
  }

  @Test
  void writesEventsInKubernetesForm() throws Exception {
    CompletableFuture<HttpResponse<String>> answered =
        send(
            "PATCH",
            MAPS + "/one?fieldManager=me",
            "{}",
            "Audit-ID",
            "mine",
            "X-Forwarded-For",
            "10.0.0.9, nonsense",
            "Impersonate-User",
            "bob",
            "User-Agent",
            "test/1");
    JsonNode intent = next(true).json;
    JsonNode event = next(true).json;
    assertThat(answered.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);

    assertThat(event.fieldNames())
        .toIterable()
        .containsExactly(
            "kind",
            "apiVersion",
            "level",
            "auditID",
            "stage",
            "requestURI",
            "verb",
            "user",
            "impersonatedUser",
            "sourceIPs",
            "userAgent",
            "objectRef",
            "responseStatus",
            "requestReceivedTimestamp",
            "stageTimestamp",
            "annotations");
    assertThat(event.path("user"))
        .isEqualTo(JSON.readTree("{\"username\":\"jane\",\"groups\":[\"system:authenticated\"]}"));
    assertThat(event.at("/impersonatedUser/username").asText()).isEqualTo("bob");
    assertThat(event.path("sourceIPs")).isEqualTo(JSON.readTree("[\"10.0.0.9\",\"127.0.0.1\"]"));
    assertThat(event.path("requestURI").asText()).isEqualTo(MAPS + "/one?fieldManager=me");
    assertThat(event.path("responseStatus"))
        .isEqualTo(JSON.readTree("{\"metadata\":{},\"code\":200}"));
    assertThat(event.path("requestReceivedTimestamp").asText())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z")
        .isEqualTo(intent.path("requestReceivedTimestamp").asText());
    assertThat(event.at("/annotations/authorization.k8s.io~1decision").asText()).isEqualTo("allow");
    assertThat(event.at("/annotations/authorization.k8s.io~1reason").asText())
        .isEqualTo("everybody may");
    assertThat(event.at("/annotations/apiserver.latency.k8s.io~1total").asText())
        .matches("[0-9.]+(µs|ms|s)");
  }

  @Test
  void recordsFailedAuthenticationWithoutWaitingForIt() throws Exception {
    HttpResponse<String> answer =
        client.send(
            server.request(MAPS + "/one").method("DELETE", BodyPublishers.noBody()).build(),
            BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(401);
    Event event = next();
    assertThat(event.urgency).isEqualTo(Urgency.NOTE);
    assertThat(event.json.at("/responseStatus/code").asInt()).isEqualTo(401);
    assertThat(event.json.path("user")).isEmpty();
  }

  @Test
  void recordsFailedAuthenticationOfReads() throws Exception {
    HttpResponse<String> answer =
        client.send(server.request(MAPS + "/one").build(), BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(401);
    Event event = next();
    assertThat(event.json.path("verb").asText()).isEqualTo("get");
    assertThat(event.json.at("/responseStatus/code").asInt()).isEqualTo(401);
    assertThat(event.json.path("user")).isEmpty();
  }

  private CompletableFuture<@Nullable Void> append(byte[] line, Urgency urgency) {
    try {
      Event event = new Event(JSON.readTree(line), urgency, new CompletableFuture<>());
      events.add(event);
      return event.done;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private Event next() throws InterruptedException {
    Event event = events.poll(10, TimeUnit.SECONDS);
    assertThat(event).as("an event").isNotNull();
    return event;
  }

  private Event next(boolean written) throws InterruptedException {
    Event event = next();
    if (written) {
      event.done.complete(null);
    }
    return event;
  }

  private Event afterPut() throws Exception {
    CompletableFuture<HttpResponse<String>> answered = send("PUT", MAPS + "/one", "{}");
    next().done.complete(null);
    Event outcome = next();
    outcome.done.complete(null);
    assertThat(answered.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
    return outcome;
  }

  private static Consumer<RoutedRequest> refusing(ApiException error) {
    return request -> ErrorAnswer.send(request.exchange(), error.status());
  }

  private static String outcome(Event event) {
    return event.json.at("/annotations/audit.multicluster.io~1outcome").asText();
  }

  private CompletableFuture<HttpResponse<String>> send(
      String method, String path, String body, String... headers) {
    HttpRequest.Builder request =
        server
            .request(path)
            .method(method, BodyPublishers.ofString(body))
            .headers("user", "jane", "content-type", "application/json");
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.sendAsync(request.build(), BodyHandlers.ofString());
  }

  private static void answerJson(RoutedRequest request, int status, String json) {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    request
        .exchange()
        .response()
        .head(
            status,
            new DefaultHttp2Headers()
                .set("content-type", "application/json")
                .setInt("content-length", bytes.length));
    request.exchange().response().write(Unpooled.wrappedBuffer(bytes));
    request.exchange().response().end(null);
  }

  private final class Answering implements Route {
    @Override
    public boolean neverBlocks(RequestInfo info) {
      return true;
    }

    @Override
    public void answer(RoutedRequest request) {
      routed.add(request);
      answer.accept(request);
    }
  }

  private record Discarding(Runnable then) implements BodyReceiver {
    @Override
    public void data(ByteBuf bytes) {
      bytes.release();
    }

    @Override
    public void end(@Nullable Http2Headers trailers) {
      then.run();
    }

    @Override
    public void failed(Throwable cause) {}
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

  private static final class Everybody implements Authorizer {
    @Override
    public Decision authorize(Attributes attributes) {
      return decideNow(attributes);
    }

    @Override
    public Decision decideNow(Attributes attributes) {
      return attributes.verb().startsWith("impersonate:")
          ? Decision.NO_OPINION
          : Decision.allow("everybody may");
    }
  }
}
