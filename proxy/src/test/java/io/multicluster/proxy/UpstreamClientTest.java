package io.multicluster.proxy;

import static io.multicluster.proxy.Received.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class UpstreamClientTest extends UpstreamFixture {

  // Requests and answers.

  @Test
  void aRequestCarriesMethodPathHeadersAndToken() throws Exception {
    H2Upstream server = server(request -> request.answer(200, "pods"));
    UpstreamClient client =
        open(
            PKI.config(URI.create(server.url() + "/prefix/")).withBearerToken("s3cret"),
            UpstreamLimits.DEFAULT);

    RequestHead head = head("GET", "/api/v1/pods", "limit=5");
    head.headers().set("accept", "application/json");
    Received answer = new Received();
    client.send(head, null, answer);

    assertThat(get(answer.ended)).isEqualTo("pods");
    assertThat(get(answer.status)).isEqualTo(200);
    assertThat(get(answer.headers).contains(":status")).isFalse();
    H2Upstream.Request request = server.next();
    assertThat(request.headers.method()).hasToString("GET");
    assertThat(request.headers.scheme()).hasToString("https");
    assertThat(request.headers.authority()).hasToString("127.0.0.1:" + server.port());
    assertThat(request.path()).isEqualTo("/prefix/api/v1/pods?limit=5");
    assertThat(request.header("accept")).isEqualTo("application/json");
    assertThat(request.header("authorization")).isEqualTo("Bearer s3cret");
  }

  @Test
  void aWholeBodyArrivesAndTrailersComeBack() throws Exception {
    H2Upstream server =
        server(request ->
            request.body.thenAccept(body -> {
              request.head(201, "x-length", String.valueOf(body.length));
              request.text("done");
              request.end("grpc-status", "0");
            }));
    UpstreamClient client = open(server);

    Received answer = new Received();
    client.send(
        head("POST", "/api/v1/pods", ""), Unpooled.wrappedBuffer(new byte[300_000]), answer);

    assertThat(get(answer.ended)).isEqualTo("done");
    assertThat(get(answer.headers).get("x-length")).hasToString("300000");
    assertThat(get(answer.trailers).get("grpc-status")).hasToString("0");
  }

  @Test
  void manyRequestsShareOneConnection() throws Exception {
    H2Upstream server = server(request -> request.answer(200, request.path()));
    UpstreamClient client = open(server);

    List<Received> answers = new ArrayList<>();
    for (int i = 0; i < 90; i++) {
      Received answer = new Received();
      answers.add(answer);
      client.send(head("GET", "/n/" + i, ""), null, answer);
    }
    for (int i = 0; i < 90; i++) {
      assertThat(get(answers.get(i).ended)).isEqualTo("/n/" + i);
    }
    assertThat(server.connections).hasSize(1);
  }

  @Test
  void informationalHeadsAreNotPassedOn() throws Exception {
    H2Upstream server =
        server(request -> {
          request.head(103, "link", "x");
          request.answer(200, "final");
        });
    Received answer = new Received();
    open(server).send(head("GET", "/", ""), null, answer);

    assertThat(get(answer.ended)).isEqualTo("final");
    assertThat(get(answer.status)).isEqualTo(200);
  }

  @Test
  void eventsOfAStreamArriveWhileItIsOpenAndAreFlushed() throws Exception {
    H2Upstream server = server(request -> request.head(200));
    Received answer = new Received();
    open(server).send(head("GET", "/watch", ""), null, answer);

    H2Upstream.Request request = server.next();
    assertThat(get(answer.status)).isEqualTo(200);
    for (int i = 0; i < 3; i++) {
      request.text("event " + i);
      assertThat(answer.piece()).isEqualTo("event " + i);
    }
    request.end();
    get(answer.ended);
    assertThat(answer.flushes.get()).isPositive();
  }

  @Test
  void blockingCallsGetTheWholeAnswer() {
    H2Upstream server =
        server(request -> request.body.thenAccept(b -> request.answer(409, new String(b, UTF_8))));

    UpstreamResponse response =
        open(server)
            .call(head("PUT", "/x", ""), "body".getBytes(UTF_8), 100, Duration.ofSeconds(10));

    assertThat(response.status()).isEqualTo(409);
    assertThat(response.body()).asString(UTF_8).isEqualTo("body");
  }

  @Test
  void blockingCallsRefuseAnswersOverTheirLimitAndResetThem() throws Exception {
    H2Upstream server =
        server(request -> {
          request.head(200);
          request.text("123456789");
        });

    ApiException error =
        catchThrowableOfType(
            ApiException.class,
            () -> open(server).call(head("GET", "/", ""), null, 8, Duration.ofSeconds(10)));

    assertThat(error.status().code()).isEqualTo(502);
    assertThat(error.status().message()).contains("more than 8 bytes");
    assertThat(get(server.next().reset)).isEqualTo(Http2Error.CANCEL.code());
  }

  @Test
  void blockingCallsEndAtTheirTimeout() throws Exception {
    H2Upstream server = server(request -> request.head(200));

    ApiException error =
        catchThrowableOfType(
            ApiException.class,
            () -> open(server).call(head("GET", "/", ""), null, 8, Duration.ofMillis(300)));

    assertThat(error.status().code()).isEqualTo(504);
    assertThat(get(server.next().reset)).isEqualTo(Http2Error.CANCEL.code());
  }

  // Flow control.

  @Test
  void aReaderThatStallsHoldsBackItsOwnStreamOnly() throws Exception {
    int total = 4 << 20;
    int window = 128 * 1024;
    H2Upstream server =
        server(request -> {
          request.head(200);
          request.data(Unpooled.wrappedBuffer(new byte[total]), true);
        });
    UpstreamClient client = open(PKI.config(server.url()), limits(window, 100, 64, 1024));

    Received stalled = new Received();
    UpstreamExchange exchange = client.send(UpstreamRequest.of(head("GET", "/big", "")), stalled);
    await(() -> stalled.bytes.get() >= window);
    Received other = new Reading(client, head("GET", "/other", ""));
    get(other.ended);
    assertThat(other.bytes.get()).isEqualTo(total);
    assertThat(stalled.bytes.get()).as("bytes sent without credit").isEqualTo(window);

    for (int credited = 0; credited < total; ) {
      int now = credited;
      await(() -> stalled.bytes.get() > now);
      int arrived = stalled.bytes.get() - credited;
      exchange.consumed(arrived);
      credited += arrived;
    }
    get(stalled.ended);
    assertThat(stalled.bytes.get()).isEqualTo(total);
  }

  @Test
  void aRequestMayAskForALargerWindow() throws Exception {
    H2Upstream server =
        server(request -> {
          request.head(200);
          request.data(Unpooled.wrappedBuffer(new byte[4 << 20]), true);
        });
    UpstreamClient client = open(PKI.config(server.url()), limits(128 * 1024, 100, 64, 1024));

    Received answer = new Received();
    client.send(UpstreamRequest.of(head("GET", "/", "")).withWindow(1 << 20), answer);

    await(() -> answer.bytes.get() >= 1 << 20);
    assertThat(answer.bytes.get()).isEqualTo(1 << 20);
  }

  @Test
  void aStreamedBodyIsReadOnlyAsFastAsTheServerTakesIt() throws Exception {
    H2Upstream.Options slow = new H2Upstream.Options();
    slow.consume = false;
    H2Upstream server = server(slow, request -> {});
    TestSource source = new TestSource();
    Received answer = new Received();
    open(server)
        .send(
            UpstreamRequest.of(head("POST", "/", ""))
                .withBody(new UpstreamRequest.Body.Streamed(source)),
            answer);
    H2Upstream.Request request = server.next();

    byte[] piece = new byte[16 * 1024];
    for (int i = 0; i < 15; i++) {
      source.receiver().data(Unpooled.wrappedBuffer(piece));
    }
    source.receiver().end(null);
    await(() -> request.received.get() == slow.window);
    assertThat(source.consumed.get())
        .as("credit returned while the server takes no more")
        .isBetween(slow.window - piece.length, slow.window);

    request.consume(slow.window);
    await(() -> request.received.get() == 2 * slow.window);
    request.consume(slow.window);
    await(() -> request.received.get() == 3 * slow.window);
    request.consume(slow.window);
    assertThat(get(request.body)).hasSize(15 * piece.length);
    await(() -> source.consumed.get() == 15 * piece.length);
    request.answer(200, "ok");
    assertThat(get(answer.ended)).isEqualTo("ok");
  }

  // Ends that are not planned.

  @Test
  void cancellingResetsTheStreamAtOnce() throws Exception {
    H2Upstream server = server(request -> request.head(200));
    Received answer = new Received();
    UpstreamExchange exchange = open(server).send(head("GET", "/watch", ""), null, answer);
    get(answer.status);

    exchange.cancel();

    assertThat(get(server.next().reset)).isEqualTo(Http2Error.CANCEL.code());
    assertThat(answer.failed).isNotDone();
  }

  @Test
  void aResetInMidAnswerIsAFailure() throws Exception {
    H2Upstream server = server(request -> request.head(200));
    Received answer = new Received();
    open(server).send(head("GET", "/", ""), null, answer);
    get(answer.status);
    server.next().reset(Http2Error.INTERNAL_ERROR);

    assertThat(get(answer.failed)).hasMessageContaining("INTERNAL_ERROR; received from peer");
  }

  @Test
  void aRefusedStreamIsRepeatedEvenForWrites() throws Exception {
    AtomicInteger count = new AtomicInteger();
    H2Upstream server =
        server(request -> {
          if (count.getAndIncrement() == 0) {
            request.reset(Http2Error.REFUSED_STREAM);
          } else {
            request.body.thenAccept(body -> request.answer(201, new String(body, UTF_8)));
          }
        });
    Received answer = new Received();
    open(server).send(head("POST", "/", ""), Unpooled.copiedBuffer("once", UTF_8), answer);

    assertThat(get(answer.ended)).isEqualTo("once");
    assertThat(get(answer.status)).isEqualTo(201);
  }

  @Test
  void aStreamedBodyIsRepeatedFromItsBeginning() throws Exception {
    AtomicInteger count = new AtomicInteger();
    H2Upstream server =
        server(request -> {
          if (count.getAndIncrement() > 0) {
            request.body.thenAccept(body -> request.answer(201, new String(body, UTF_8)));
          }
        });
    TestSource source = new TestSource();
    Received answer = new Received();
    open(server)
        .send(
            UpstreamRequest.of(head("POST", "/", ""))
                .withBody(new UpstreamRequest.Body.Streamed(source)),
            answer);
    H2Upstream.Request first = server.next();
    source.receiver().data(Unpooled.copiedBuffer("first ", UTF_8));
    await(() -> first.received.get() == 6);
    first.reset(Http2Error.REFUSED_STREAM);
    server.next();
    source.receiver().data(Unpooled.copiedBuffer("second", UTF_8));
    source.receiver().end(null);

    assertThat(get(answer.ended)).isEqualTo("first second");
    assertThat(source.consumed.get()).isEqualTo(12);
  }

  @Test
  void goAwayLetsEarlierStreamsFinishAndMovesLaterOnes() throws Exception {
    H2Upstream server = server(request -> {});
    UpstreamClient client = open(server);
    Received first = new Received();
    client.send(head("GET", "/first", ""), null, first);
    H2Upstream.Request one = server.next();
    Received second = new Received();
    client.send(head("POST", "/second", ""), Unpooled.copiedBuffer("body", UTF_8), second);
    H2Upstream.Request two = server.next();

    one.goAway(Http2Error.NO_ERROR, one.id());
    H2Upstream.Request repeated = server.next();

    assertThat(two.connection).isSameAs(one.connection);
    assertThat(repeated.connection).isNotSameAs(one.connection);
    assertThat(repeated.path()).isEqualTo("/second");
    assertThat(get(repeated.body)).asString(UTF_8).isEqualTo("body");
    repeated.answer(201, "second");
    one.answer(200, "first");
    assertThat(get(first.ended)).isEqualTo("first");
    assertThat(get(second.ended)).isEqualTo("second");
    one.connection.closeFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void aReadIsRepeatedOnceWhenTheConnectionBreaksBeforeItsAnswer() throws Exception {
    H2Upstream server = server(request -> request.connection.close());
    Received answer = new Received();
    open(server).send(head("GET", "/", ""), null, answer);

    ApiException error = (ApiException) get(answer.failed);
    assertThat(server.requests).hasSize(2);
    assertThat(error.status().code()).isEqualTo(502);
    assertThat(error.status().message()).isEqualTo("error trying to reach service: EOF");
    assertThat(error.status().retryAfterSeconds()).isEqualTo(1);
  }

  @Test
  void aWriteThatMayHaveTakenEffectIsNeitherRepeatedNorInvitedTo() throws Exception {
    H2Upstream server = server(request -> request.connection.close());
    Received answer = new Received();
    open(server).send(head("DELETE", "/", ""), null, answer);

    ApiException error = (ApiException) get(answer.failed);
    assertThat(server.requests).hasSize(1);
    assertThat(error.status().code()).isEqualTo(502);
    assertThat(error.status().retryAfterSeconds()).isZero();
  }

  @Test
  void aHeadThatDoesNotComeIsATimeout() throws Exception {
    H2Upstream server = server(request -> {});
    Received answer = new Received();
    open(server)
        .send(
            UpstreamRequest.of(head("GET", "/", "")).withHeadTimeout(Duration.ofMillis(200)),
            answer);

    ApiException error = (ApiException) get(answer.failed);
    assertThat(error.status().code()).isEqualTo(504);
    assertThat(error.status().retryAfterSeconds()).isZero();
    assertThat(get(server.next().reset)).isEqualTo(Http2Error.CANCEL.code());
  }

  @Test
  void aConnectionThatAnswersNoPingIsGivenUp() throws Exception {
    H2Upstream.Options mute = new H2Upstream.Options();
    mute.answerPings = false;
    H2Upstream server = server(mute, request -> request.head(200));
    UpstreamLimits impatient =
        new UpstreamLimits(
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofMillis(200),
            Duration.ofMillis(200),
            Duration.ofMinutes(5),
            Duration.ofSeconds(3),
            128 * 1024,
            100,
            64,
            1024,
            3,
            Duration.ofSeconds(1),
            Duration.ofSeconds(15));
    Received answer = new Received();
    open(PKI.config(server.url()), impatient).send(head("GET", "/watch", ""), null, answer);

    assertThat(get(answer.failed)).hasMessageContaining("http2: client connection lost");
  }

  @Test
  void closingFailsWhatIsUnderWay() throws Exception {
    H2Upstream server = server(request -> request.head(200));
    UpstreamClient client = open(server);
    Received answer = new Received();
    client.send(head("GET", "/watch", ""), null, answer);
    get(answer.status);

    client.close();

    get(answer.failed);
    Received late = new Received();
    client.send(head("GET", "/", ""), null, late);
    assertThat(((ApiException) get(late.failed)).status().code()).isEqualTo(503);
  }

  // Connecting.

  @Test
  void aServerThatIsNotThereIs503WithRetryAfter() throws Exception {
    int port = unusedPort();
    Received answer = new Received();
    open(PKI.config(URI.create("https://127.0.0.1:" + port)), UpstreamLimits.DEFAULT)
        .send(head("POST", "/", ""), Unpooled.copiedBuffer("x", UTF_8), answer);

    ApiException error = (ApiException) get(answer.failed);
    assertThat(error.status().code()).isEqualTo(503);
    assertThat(error.status().reason()).isEqualTo("ServiceUnavailable");
    assertThat(error.status().message())
        .isEqualTo(
            "error trying to reach service: dial tcp 127.0.0.1:"
                + port
                + ": connect: connection refused");
    assertThat(error.status().retryAfterSeconds()).isEqualTo(1);
  }

  @Test
  void anUnreachableServerIsLeftAloneUntilThePauseIsOver() throws Exception {
    int port = unusedPort();
    UpstreamClient client =
        open(PKI.config(URI.create("https://127.0.0.1:" + port)), UpstreamLimits.DEFAULT);
    for (int i = 0; i < 3; i++) {
      Received answer = new Received();
      client.send(head("GET", "/", ""), null, answer);
      get(answer.failed);
    }
    H2Upstream.Options samePort = new H2Upstream.Options();
    samePort.port = port;
    H2Upstream server = server(samePort, request -> request.answer(200, "back"));

    Received early = new Received();
    client.send(head("GET", "/", ""), null, early);
    assertThat(((ApiException) get(early.failed)).status().code()).isEqualTo(503);
    assertThat(server.connections).isEmpty();

    // A request per round, until one is let through as the probe.
    String body = null;
    for (int i = 0; i < 200 && body == null; i++) {
      Received later = new Received();
      client.send(head("GET", "/", ""), null, later);
      body = later.ended.exceptionally(e -> null).get(10, TimeUnit.SECONDS);
      if (body == null) {
        Thread.sleep(20);
      }
    }
    assertThat(body).isEqualTo("back");
    assertThat(server.connections).hasSize(1);
  }

  @Test
  void theNextServerOfTheListIsUsedWhenTheFirstIsGone() throws Exception {
    H2Upstream server = server(request -> request.answer(200, "second"));
    UpstreamClient client =
        open(
            PKI.config(URI.create("https://127.0.0.1:" + unusedPort()), server.url()),
            UpstreamLimits.DEFAULT);
    Received answer = new Received();
    client.send(head("GET", "/", ""), null, answer);

    assertThat(get(answer.ended)).isEqualTo("second");
    assertThat(server.next().headers.authority()).hasToString("127.0.0.1:" + server.port());
  }

  @Test
  void theServerThatWasReachedLastIsTriedFirst() throws Exception {
    H2Upstream.Options one = new H2Upstream.Options();
    one.maxStreams = 1;
    H2Upstream second =
        server(
            one,
            request -> {
              if (request.path().equals("/readyz")) {
                request.answer(200, "ok");
              } else {
                request.head(200);
              }
            });
    int port = unusedPort();
    UpstreamClient client =
        open(
            PKI.config(URI.create("https://127.0.0.1:" + port), second.url()),
            UpstreamLimits.DEFAULT);
    Received answer = new Received();
    client.send(head("GET", "/watch", ""), null, answer);
    get(answer.status);
    H2Upstream.Options samePort = new H2Upstream.Options();
    samePort.port = port;
    H2Upstream first = server(samePort, request -> request.answer(200, "first"));

    Received next = new Received();
    client.send(head("GET", "/watch", ""), null, next);
    get(next.status);

    assertThat(paths(second)).filteredOn("/watch"::equals).hasSize(2);
    assertThat(paths(first)).doesNotContain("/watch");
  }

  @Test
  void aNameThatDoesNotResolveIsSaidSo() throws Exception {
    Received answer = new Received();
    open(PKI.config(URI.create("https://no-such-host.invalid:6443")), UpstreamLimits.DEFAULT)
        .send(head("GET", "/", ""), null, answer);

    assertThat(get(answer.failed))
        .hasMessage(
            "error trying to reach service: dial tcp: lookup no-such-host.invalid: no such host");
  }

  @Test
  void aNameIsResolvedAndEachOfItsAddressesTried() throws Exception {
    H2Upstream server = server(request -> request.answer(200, "ok"));
    Received answer = new Received();
    // May be ::1 first, where nobody listens.
    open(PKI.config(URI.create("https://localhost:" + server.port())), UpstreamLimits.DEFAULT)
        .send(head("GET", "/", ""), null, answer);

    assertThat(get(answer.ended)).isEqualTo("ok");
  }

  @Test
  void aForwardProxyIsAskedForTheConnection() throws Exception {
    H2Upstream server = server(request -> request.answer(200, "through"));
    ConnectProxy proxy = new ConnectProxy("200 OK");
    open.add(proxy);
    Received answer = new Received();
    open(
            PKI.config(URI.create("https://localhost:" + server.port()))
                .withProxy(proxy.url("user:pass@")),
            UpstreamLimits.DEFAULT)
        .send(head("GET", "/", ""), null, answer);

    assertThat(get(answer.ended)).isEqualTo("through");
    assertThat(proxy.heads.getFirst())
        .startsWith("CONNECT localhost:" + server.port() + " HTTP/1.1\r\n")
        .containsIgnoringCase("proxy-authorization: Basic dXNlcjpwYXNz");
  }

  @Test
  void aForwardProxyThatRefusesIsNamedAsTheCause() throws Exception {
    H2Upstream server = server(request -> request.answer(200, "through"));
    ConnectProxy proxy = new ConnectProxy("407 Proxy Authentication Required\r\nContent-Length: 0");
    open.add(proxy);
    Received answer = new Received();
    open(PKI.config(server.url()).withProxy(proxy.url("")), UpstreamLimits.DEFAULT)
        .send(head("GET", "/", ""), null, answer);

    assertThat(get(answer.failed))
        .hasMessageContaining("error trying to reach service: proxyconnect tcp: ")
        .hasMessageContaining("407");
  }

  @Test
  void moreStreamsThanAConnectionTakesOpenAnother() throws Exception {
    H2Upstream.Options two = new H2Upstream.Options();
    two.maxStreams = 2;
    H2Upstream server = server(two, request -> request.head(200));
    UpstreamClient client = open(server);
    for (int i = 0; i < 5; i++) {
      Received answer = new Received();
      client.send(head("GET", "/watch", ""), null, answer);
      get(answer.status);
    }
    assertThat(server.connections).hasSize(3);
  }

  @Test
  void requestsWaitForRoomAndTheQueueHasAnEnd() throws Exception {
    H2Upstream server = server(request -> {});
    UpstreamClient client = open(PKI.config(server.url()), limits(128 * 1024, 1, 1, 1));
    Received first = new Received();
    client.send(head("GET", "/1", ""), null, first);
    H2Upstream.Request one = server.next();
    Received second = new Received();
    client.send(head("GET", "/2", ""), null, second);
    Received third = new Received();
    client.send(head("GET", "/3", ""), null, third);

    ApiException error = (ApiException) get(third.failed);
    assertThat(error.status().code()).isEqualTo(503);
    assertThat(error.status().retryAfterSeconds()).isEqualTo(1);
    one.answer(200, "one");
    assertThat(get(first.ended)).isEqualTo("one");
    server.next().answer(200, "two");
    assertThat(get(second.ended)).isEqualTo("two");
  }

  // TLS and credentials.

  @Test
  void aServerThatNobodyKnownHasSignedIsNotTalkedTo() throws Exception {
    H2Upstream server = server(request -> request.answer(200, "secret"));
    TestPki other = new TestPki();
    Received answer = new Received();
    open(other.config(server.url()), UpstreamLimits.DEFAULT)
        .send(head("GET", "/", ""), null, answer);

    ApiException error = (ApiException) get(answer.failed);
    assertThat(error.status().code()).isEqualTo(503);
    assertThat(error.status().message()).contains("tls: failed to verify certificate");
    assertThat(server.requests).isEmpty();
  }

  @Test
  void aCertificateOfAnotherNameIsNotAcceptedUnlessItIsAskedFor() throws Exception {
    H2Upstream.Options named = new H2Upstream.Options();
    named.names = new String[] {"member.example"};
    H2Upstream server = server(named, request -> request.answer(200, "ok"));
    UpstreamConfig config = PKI.config(server.url());

    Received wrong = new Received();
    open(config.withTlsServerName("other.example"), UpstreamLimits.DEFAULT)
        .send(head("GET", "/", ""), null, wrong);
    assertThat(get(wrong.failed)).hasMessageContaining("failed to verify certificate");

    Received right = new Received();
    open(config.withTlsServerName("member.example"), UpstreamLimits.DEFAULT)
        .send(head("GET", "/", ""), null, right);
    assertThat(get(right.ended)).isEqualTo("ok");
  }

  @Test
  void verificationCanBeSwitchedOff() throws Exception {
    H2Upstream server = server(request -> request.answer(200, "ok"));
    Received answer = new Received();
    open(
            UpstreamConfig.of(server.url())
                .withTlsServerName("whatever.example")
                .withInsecureSkipTlsVerify(),
            UpstreamLimits.DEFAULT)
        .send(head("GET", "/", ""), null, answer);

    assertThat(get(answer.ended)).isEqualTo("ok");
  }

  @Test
  void aNewClientCertificateServesNewRequestsWhileOldOnesGoOn() throws Exception {
    H2Upstream.Options auth = new H2Upstream.Options();
    auth.clientAuth = true;
    H2Upstream server = server(auth, request -> request.head(200));
    UpstreamConfig config =
        PKI.config(server.url()).withClientCertificate(PKI.client("gateway-1").asClient());
    UpstreamClient client = open(config, UpstreamLimits.DEFAULT);
    Received watch = new Received();
    client.send(head("GET", "/watch", ""), null, watch);
    get(watch.status);
    H2Upstream.Request old = server.next();

    client.reconfigure(config.withClientCertificate(PKI.client("gateway-2").asClient()));
    Received next = new Received();
    client.send(head("GET", "/watch", ""), null, next);
    get(next.status);

    assertThat(server.clientNames).containsExactly("CN=gateway-1", "CN=gateway-2");
    old.text("still here");
    assertThat(watch.piece()).isEqualTo("still here");
    old.end();
    get(watch.ended);
    old.connection.closeFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void aNewTokenIsUsedOnTheSameConnection() throws Exception {
    H2Upstream server =
        server(request -> request.answer(200, "" + request.header("authorization")));
    UpstreamConfig config = PKI.config(server.url()).withBearerToken("one");
    UpstreamClient client = open(config, UpstreamLimits.DEFAULT);
    Received first = new Received();
    client.send(head("GET", "/", ""), null, first);
    assertThat(get(first.ended)).isEqualTo("Bearer one");

    client.reconfigure(config.withBearerToken("two"));
    Received second = new Received();
    client.send(head("GET", "/", ""), null, second);

    assertThat(get(second.ended)).isEqualTo("Bearer two");
    assertThat(server.connections).hasSize(1);
  }

  // HTTP/1.1.

  @Test
  void aServerWithoutHttp2IsSpokenToInHttp11OverSeveralConnections() throws Exception {
    H1Upstream server =
        new H1Upstream(
            PKI,
            (ctx, request) -> {
              if (!request.uri().equals("/hang")) {
                H1Upstream.answer(
                    ctx, 200, request.method() + request.uri() + request.content().toString(UTF_8));
              }
            });
    open.add(server);
    UpstreamClient client =
        open(PKI.config(server.url()).withBearerToken("t"), UpstreamLimits.DEFAULT);

    Received hanging = new Received();
    UpstreamExchange hang = client.send(head("GET", "/hang", ""), null, hanging);
    assertThat(server.next().headers().get("host")).startsWith("127.0.0.1:");
    for (int i = 0; i < 3; i++) {
      Received answer = new Received();
      client.send(head("POST", "/x", "a=b"), Unpooled.copiedBuffer("body", UTF_8), answer);
      assertThat(get(answer.ended)).isEqualTo("POST/x?a=bbody");
      var headers = server.next().headers();
      assertThat(headers.get("authorization")).isEqualTo("Bearer t");
      assertThat(headers.get("content-length")).isEqualTo("4");
    }
    assertThat(server.connections).hasSize(2);
    hang.cancel();
    server.connections.getFirst().closeFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void http11AnswersAreHeldBackForASlowReader() throws Exception {
    int total = 8 << 20;
    H1Upstream server =
        new H1Upstream(PKI, (ctx, request) -> H1Upstream.answer(ctx, 200, "x".repeat(total)));
    open.add(server);
    UpstreamClient client = open(PKI.config(server.url()), limits(128 * 1024, 100, 64, 1024));
    Received answer = new Received();
    UpstreamExchange exchange = client.send(head("GET", "/", ""), null, answer);

    await(() -> answer.bytes.get() >= 128 * 1024);
    for (int credited = 0; credited < total; ) {
      int now = credited;
      await(() -> answer.bytes.get() > now);
      int arrived = answer.bytes.get() - credited;
      // One read of the socket may be under way when the window is full.
      assertThat(arrived).isLessThanOrEqualTo((128 + 1024) * 1024);
      exchange.consumed(arrived);
      credited += arrived;
    }
    assertThat(get(answer.ended)).hasSize(total);
  }

  @Test
  void http11TrailersAndHopByHopHeadersAreSorted() throws Exception {
    H1Upstream server =
        new H1Upstream(
            PKI,
            (ctx, request) -> {
              var headers = new DefaultHttpHeaders();
              headers.set("Transfer-Encoding", "chunked");
              headers.set("Keep-Alive", "timeout=5");
              headers.set("X-Test", "Yes");
              ctx.write(
                  new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, headers));
              var last = new DefaultLastHttpContent(Unpooled.copiedBuffer("end", UTF_8));
              last.trailingHeaders().set("X-Checksum", "1");
              ctx.writeAndFlush(last);
            });
    open.add(server);
    Received answer = new Received();
    open(PKI.config(server.url()), UpstreamLimits.DEFAULT).send(head("GET", "/", ""), null, answer);

    assertThat(get(answer.ended)).isEqualTo("end");
    assertThat(get(answer.headers).names()).extracting(Object::toString).containsExactly("x-test");
    assertThat(get(answer.trailers).get("x-checksum")).hasToString("1");
  }

  // Help.

  private H2Upstream server(Consumer<H2Upstream.Request> script) {
    return server(new H2Upstream.Options(), script);
  }

  private H2Upstream server(H2Upstream.Options options, Consumer<H2Upstream.Request> script) {
    H2Upstream server = new H2Upstream(PKI, options, script);
    open.add(server);
    return server;
  }

  private UpstreamClient open(H2Upstream server) {
    return open(PKI.config(server.url()), UpstreamLimits.DEFAULT);
  }

  private static RequestHead head(String method, String path, String query) {
    return new RequestHead(method, path, query, new DefaultHttp2Headers());
  }

  private static List<String> paths(H2Upstream server) {
    return server.requests.stream().map(H2Upstream.Request::path).toList();
  }

  private static int unusedPort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void await(BooleanSupplier condition) {
    Awaitility.await()
        .pollInterval(Duration.ofMillis(5))
        .atMost(Duration.ofSeconds(20))
        .until(condition::getAsBoolean);
  }

  /** Consumes at once. */
  private static final class Reading extends Received {
    private final BlockingQueue<UpstreamExchange> exchange = new LinkedBlockingQueue<>();

    Reading(UpstreamClient client, RequestHead head) {
      exchange.add(client.send(UpstreamRequest.of(head), this));
    }

    @Override
    public void data(ByteBuf data) {
      int length = data.readableBytes();
      super.data(data);
      try {
        UpstreamExchange own = exchange.take();
        own.consumed(length);
        exchange.add(own);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
