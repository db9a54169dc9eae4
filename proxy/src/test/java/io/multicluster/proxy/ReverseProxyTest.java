package io.multicluster.proxy;

import static io.multicluster.proxy.Received.get;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReverseProxyTest extends UpstreamFixture {
  private static final UserInfo JANE =
      new UserInfo("jane", "", List.of("dev", UserInfo.AUTHENTICATED), Map.of());
  private final CompletableFuture<ApiException> failed = new CompletableFuture<>();
  private final ForwardListener listener = failed::complete;

  // Identity.

  @Test
  void theUserIsImpersonatedAndNoIdentityOfTheClientsOwnPasses() throws Exception {
    H2Upstream server = server(request -> request.answer(200, "ok"));
    FakeExchange exchange =
        getRequest("/api/v1/pods")
            .with("authorization", "Bearer client")
            .with("impersonate-user", "root")
            .with("impersonate-group", "system:masters")
            .with("impersonate-extra-scopes", "all")
            .with("x-remote-user", "root")
            .with("x-remote-extra-acme.com%2fproject", "x")
            .with("x-forwarded-client-cert", "By=x")
            .with("x-forwarded-user", "root")
            .with("proxy-authorization", "Basic x")
            .with("te", "gzip")
            .with("host", "gateway.example")
            .with("expect", "100-continue")
            .with("audit-id", "4c5d2f5e")
            .with("accept", "application/json")
            .with("user-agent", "kubectl/v1.36.1")
            .with("x-forwarded-for", "198.51.100.1");
    UserInfo user =
        new UserInfo(
            "jürgen@example.com",
            "u-1",
            List.of("dev", "team:ops", UserInfo.AUTHENTICATED),
            Map.of("acme.com/project", List.of("one", "two"), "100%", List.of("x")));
    UpstreamClient client =
        open(PKI.config(server.url()).withBearerToken("gateway"), UpstreamLimits.DEFAULT);

    ReverseProxy.forward(exchange, client, user, "/api/v1/pods", Duration.ZERO, listener);

    assertThat(get(exchange.ended)).isEqualTo("ok");
    Http2Headers sent = server.next().headers;
    assertThat(names(sent))
        .containsExactlyInAnyOrder(
            ":method",
            ":path",
            ":scheme",
            ":authority",
            "authorization",
            "impersonate-user",
            "impersonate-uid",
            "impersonate-group",
            "impersonate-group",
            "impersonate-extra-acme.com%2fproject",
            "impersonate-extra-acme.com%2fproject",
            "impersonate-extra-100%25",
            "audit-id",
            "accept",
            "user-agent",
            "x-forwarded-for");
    assertThat(sent.get("authorization")).hasToString("Bearer gateway");
    assertThat(utf8(sent.get("impersonate-user"))).isEqualTo("jürgen@example.com");
    assertThat(sent.get("impersonate-uid")).hasToString("u-1");
    assertThat(sent.getAll("impersonate-group"))
        .extracting(Object::toString)
        .containsExactly("dev", "team:ops");
    assertThat(sent.getAll("impersonate-extra-acme.com%2fproject"))
        .extracting(Object::toString)
        .containsExactly("one", "two");
    assertThat(sent.get("audit-id")).hasToString("4c5d2f5e");
    assertThat(sent.get("x-forwarded-for")).hasToString("198.51.100.1, 192.0.2.7");
  }

  @ParameterizedTest
  @ValueSource(strings = {"admin ", " admin", "ad\r\nimpersonate-group: system:masters", "a\u0000"})
  void aUserThatAHeaderWouldChangeIsRefused(String name) {
    H2Upstream server = server(request -> request.answer(200, "ok"));
    UserInfo user = new UserInfo(name, "", List.of(), Map.of());

    ApiException error =
        catchThrowableOfType(
            ApiException.class,
            () ->
                ReverseProxy.forward(
                    getRequest("/"), client(server), user, "/", Duration.ZERO, listener));

    assertThat(error.status().code()).isEqualTo(403);
    assertThat(server.requests).isEmpty();
  }

  @Test
  void anonymousStaysAnonymous() throws Exception {
    H2Upstream server = server(request -> request.answer(200, "ok"));
    FakeExchange exchange = getRequest("/version");
    ReverseProxy.forward(
        exchange, client(server), UserInfo.ANONYMOUS, "/version", Duration.ZERO, listener);

    get(exchange.ended);
    Http2Headers sent = server.next().headers;
    assertThat(sent.get("impersonate-user")).hasToString("system:anonymous");
    assertThat(sent.contains("impersonate-group")).isFalse();
  }

  // Answers.

  @Test
  void anAnswerPassesWithItsStatusHeadersAndTrailersButNotItsAuditId() throws Exception {
    H2Upstream server =
        server(request -> {
          request.head(404, "content-type", "application/json", "audit-id", "theirs");
          request.text("{}");
          request.end("x-trailer", "t");
        });
    FakeExchange exchange = getRequest("/api/v1/namespaces/a/pods/b");
    List<Integer> seen = new ArrayList<>();
    ReverseProxy.forward(
        exchange,
        client(server),
        JANE,
        "/api/v1/namespaces/a/pods/b?pretty=1",
        Duration.ZERO,
        new ForwardListener() {
          @Override
          public void head(int status, Http2Headers headers) {
            seen.add(status);
            headers.set("x-added", "by-listener");
          }

          @Override
          public void failed(ApiException error) {
            failed.complete(error);
          }
        });

    assertThat(get(exchange.ended)).isEqualTo("{}");
    assertThat(get(exchange.answered)).isEqualTo(404);
    assertThat(names(get(exchange.headers))).containsExactlyInAnyOrder("content-type", "x-added");
    assertThat(get(exchange.trailers).get("x-trailer")).hasToString("t");
    assertThat(seen).containsExactly(404);
    H2Upstream.Request request = server.next();
    assertThat(request.path()).isEqualTo("/api/v1/namespaces/a/pods/b?pretty=1");
    assertThat(request.body).as("announced as bodyless").isCompleted();
  }

  @Test
  void watchEventsAreFlushedAsTheyCome() throws Exception {
    H2Upstream server = server(request -> request.head(200));
    FakeExchange exchange = getRequest("/api/v1/pods");
    forward(exchange, client(server));
    H2Upstream.Request request = server.next();
    assertThat(get(exchange.answered)).isEqualTo(200);

    for (int i = 0; i < 5; i++) {
      request.text("event " + i);
      assertThat(exchange.flushedText()).isEqualTo("event " + i);
    }
  }

  @Test
  void theGatewaysOwnCredentialsRefusedAreNotTheClientsFault() throws Exception {
    H2Upstream server = server(request -> request.answer(401, "Unauthorized"));
    FakeExchange exchange = getRequest("/api/v1/pods");
    forward(exchange, client(server));

    assertThat(get(failed).status().code()).isEqualTo(503);
    assertThat(get(failed).status().message()).contains("refused the gateway's credentials");
    assertThat(exchange.headSent()).isFalse();
  }

  @Test
  void a401OfAnApplicationBehindTheProxySubresourcePasses() throws Exception {
    H2Upstream server = server(request -> request.answer(401, "who are you"));
    FakeExchange exchange = getRequest("/api/v1/namespaces/a/services/web/proxy/login");
    forward(exchange, client(server));

    assertThat(get(exchange.ended)).isEqualTo("who are you");
    assertThat(get(exchange.answered)).isEqualTo(401);
  }

  // Memory.

  @Test
  void aLongAnswerToASlowClientStaysWithinTheWindow() throws Exception {
    int window = 128 * 1024;
    long total = 64 << 20;
    H2Upstream server =
        server(request -> {
          request.head(200);
          request.data(Unpooled.wrappedBuffer(new byte[(int) total]), true);
        });
    FakeExchange exchange = getRequest("/big").slow();
    forward(exchange, open(PKI.config(server.url()), limits(window)));

    await(() -> exchange.held.get() == window);
    while (!exchange.ended.isDone()) {
      long before = exchange.received.get();
      exchange.take();
      await(() ->
          exchange.held.get() == 0
              || exchange.held.get() >= window / 2
              || exchange.received.get() > before
              || exchange.ended.isDone());
    }
    assertThat(exchange.received.get()).isEqualTo(total);
    assertThat(exchange.mostHeld.get()).isLessThanOrEqualTo(window);
  }

  @Test
  void aLongRequestToASlowUpstreamIsHeldBack() throws Exception {
    H2Upstream.Options slow = new H2Upstream.Options();
    slow.consume = false;
    H2Upstream server = server(slow, request -> {});
    FakeExchange exchange = new FakeExchange(loop(), "POST", "/", true);
    forward(exchange, client(server));
    for (int i = 0; i < 10; i++) {
      exchange.send(Unpooled.wrappedBuffer(new byte[16 * 1024]));
    }
    H2Upstream.Request request = server.next();
    await(() -> request.received.get() == slow.window);

    assertThat(exchange.credited.get()).isLessThanOrEqualTo(slow.window);
  }

  // Ends.

  @Test
  void aClientThatGoesResetsTheUpstreamAtOnce() throws Exception {
    H2Upstream server = server(request -> request.head(200));
    FakeExchange exchange = getRequest("/watch");
    forward(exchange, client(server));
    get(exchange.answered);

    exchange.close();

    assertThat(get(server.next().reset)).isEqualTo(Http2Error.CANCEL.code());
    assertThat(failed).isNotDone();
  }

  @Test
  void aClientThatBreaksOffItsRequestResetsTheUpstream() throws Exception {
    H2Upstream server = server(request -> {});
    FakeExchange exchange = new FakeExchange(loop(), "POST", "/", true);
    forward(exchange, client(server));
    exchange.send(Unpooled.copiedBuffer("half", UTF_8));
    H2Upstream.Request request = server.next();
    await(() -> request.received.get() == 4);

    var body = exchange.body();
    loop().execute(() -> body.failed(new IOException("reset by peer")));

    assertThat(get(request.reset)).isEqualTo(Http2Error.CANCEL.code());
  }

  @Test
  void anUpstreamThatBreaksOffItsAnswerResetsTheClient() throws Exception {
    H2Upstream server = server(request -> request.head(200));
    FakeExchange exchange = getRequest("/big");
    forward(exchange, client(server));
    get(exchange.answered);
    H2Upstream.Request request = server.next();
    request.text("part");
    assertThat(exchange.flushedText()).isEqualTo("part");

    request.connection.close();

    assertThat(exchange.wasReset.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(failed).isNotDone();
    assertThat(server.requests).as("not repeated").isEmpty();
  }

  @Test
  void anUpstreamThatIsNotThereIsToldToTheListener() throws Exception {
    H2Upstream server = server(request -> {});
    URI url = server.url();
    server.kill();
    FakeExchange exchange = getRequest("/");
    forward(exchange, open(PKI.config(url), UpstreamLimits.DEFAULT));

    assertThat(get(failed).status().code()).isEqualTo(503);
    assertThat(exchange.headSent()).isFalse();
  }

  @Test
  void anEarlyAnswerToALongRequestIsPassedAndTheRestIsNotWaitedFor() throws Exception {
    H2Upstream server =
        server(request -> {
          request.answer(413, "too large");
          request.reset(Http2Error.NO_ERROR);
        });
    FakeExchange exchange = new FakeExchange(loop(), "POST", "/", true);
    forward(exchange, client(server));
    exchange.send(Unpooled.wrappedBuffer(new byte[1000]));

    assertThat(get(exchange.ended)).isEqualTo("too large");
    assertThat(get(exchange.answered)).isEqualTo(413);
    exchange.send(Unpooled.wrappedBuffer(new byte[1000]));
    await(() -> exchange.credited.get() == 2000);
    exchange.sendEnd();
  }

  // Help.

  private static EventLoop loop() {
    return (EventLoop) group.iterator().next();
  }

  private static FakeExchange getRequest(String path) {
    return new FakeExchange(loop(), "GET", path, true).bodyless();
  }

  private void forward(FakeExchange exchange, UpstreamClient client) {
    ReverseProxy.forward(
        exchange, client, JANE, exchange.request().target(), Duration.ZERO, listener);
  }

  private H2Upstream server(Consumer<H2Upstream.Request> script) {
    return server(new H2Upstream.Options(), script);
  }

  private H2Upstream server(H2Upstream.Options options, Consumer<H2Upstream.Request> script) {
    H2Upstream server = new H2Upstream(PKI, options, script);
    open.add(server);
    return server;
  }

  private UpstreamClient client(H2Upstream server) {
    return open(PKI.config(server.url()), UpstreamLimits.DEFAULT);
  }

  private static List<String> names(Http2Headers headers) {
    return StreamSupport.stream(headers.spliterator(), false)
        .map(header -> header.getKey().toString())
        .toList();
  }

  /** Header values are bytes, one a character. */
  private static String utf8(CharSequence value) {
    return new String(value.toString().getBytes(ISO_8859_1), UTF_8);
  }

  private static void await(BooleanSupplier condition) {
    Awaitility.await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .atMost(Duration.ofSeconds(20))
        .until(condition::getAsBoolean);
  }
}
