package io.multicluster.server.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.http.Exchange;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
final class HttpServerTest {

  @ParameterizedTest
  @CsvSource({"HTTP_2,OPENSSL", "HTTP_1_1,OPENSSL", "HTTP_2,JDK", "HTTP_1_1,JDK"})
  void answersBothVersionsWithBothTlsProviders(Version version, SslProvider provider)
      throws Exception {
    try (TestServer server =
            new TestServer(
                provider,
                TransportLimits.DEFAULT,
                exchange ->
                    TestServer.answer(
                        exchange,
                        200,
                        exchange.request().path()
                            + " "
                            + exchange.request().query()
                            + " "
                            + exchange.http2()));
        HttpClient client = TestServer.client(version)) {
      HttpResponse<String> answer =
          client.send(server.request("/api/v1/pods?limit=2").build(), BodyHandlers.ofString());

      assertThat(answer.version()).isEqualTo(version);
      assertThat(answer.body()).isEqualTo("/api/v1/pods limit=2 " + (version == Version.HTTP_2));
      assertThat(answer.headers().firstValue("date")).isPresent();
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void streamsABodyBackAsItComes(Version version) throws Exception {
    byte[] body = new byte[5_000_000];
    for (int i = 0; i < body.length; i++) {
      body[i] = (byte) ((i * 31) >> 3);
    }
    try (TestServer server = new TestServer(HttpServerTest::echo);
        HttpClient client = TestServer.client(version)) {
      HttpResponse<byte[]> answer =
          client.send(
              server.request("/").POST(BodyPublishers.ofByteArray(body)).build(),
              BodyHandlers.ofByteArray());

      assertThat(answer.body()).isEqualTo(body);
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void keepsNoMoreThanTheHighWaterMarkOfALongAnswer(Version version) throws Exception {
    int total = 20_000_000;
    int part = 10_000;
    AtomicInteger produced = new AtomicInteger();
    AtomicInteger gone = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch heldBack = new CountDownLatch(1);
    try (TestServer server =
            new TestServer(exchange -> {
              exchange.response().head(200, new DefaultHttp2Headers());
              Runnable pump =
                  () -> {
                    while (exchange.response().writable() && produced.get() < total) {
                      most.accumulateAndGet(produced.addAndGet(part) - gone.get(), Math::max);
                      exchange
                          .response()
                          .write(Unpooled.buffer(part).writeZero(part), () -> gone.addAndGet(part));
                    }
                    exchange.response().flush();
                    if (produced.get() >= total) {
                      exchange.response().end(null);
                    } else {
                      heldBack.countDown();
                    }
                  };
              exchange.response().onWritable(pump);
              pump.run();
            });
        HttpClient client = TestServer.client(version)) {
      HttpResponse<InputStream> answer =
          client.send(server.request("/").build(), BodyHandlers.ofInputStream());
      assertThat(heldBack.await(20, TimeUnit.SECONDS)).isTrue();

      assertThat(answer.body().readAllBytes()).hasSize(total);
      assertThat(most.get()).isLessThan(64 * 1024 + part);
    }
  }

  @Test
  void keepsTheOrderOfCallsFromOtherThreads() throws Exception {
    try (TestServer server =
            new TestServer(exchange ->
                Thread.startVirtualThread(() -> {
                  exchange.response().head(200, new DefaultHttp2Headers());
                  for (int i = 0; i < 1000; i++) {
                    exchange.response().write(Unpooled.copyInt(i));
                  }
                  exchange.response().end(null);
                }));
        HttpClient client = TestServer.client(Version.HTTP_2)) {
      byte[] body = client.send(server.request("/").build(), BodyHandlers.ofByteArray()).body();

      ByteBuf read = Unpooled.wrappedBuffer(body);
      for (int i = 0; i < 1000; i++) {
        assertThat(read.readInt()).isEqualTo(i);
      }
    }
  }

  @Test
  void servesManyStreamsOfOneConnectionAtOnce() throws Exception {
    List<Exchange> waiting = new ArrayList<>();
    try (TestServer server =
            new TestServer(exchange -> {
              if (exchange.request().path().equals("/open")) {
                TestServer.answer(exchange, 200, "");
                return;
              }
              waiting.add(exchange);
              if (waiting.size() == 100) {
                waiting.forEach(each -> TestServer.answer(each, 200, "all here"));
              }
            });
        HttpClient client = TestServer.client(Version.HTTP_2)) {
      // Opens the connection, so that the others share it.
      client.send(server.request("/open").build(), BodyHandlers.discarding());
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        answers.add(client.sendAsync(server.request("/").build(), BodyHandlers.ofString()));
      }

      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        assertThat(answer.get(20, TimeUnit.SECONDS).body()).isEqualTo("all here");
      }
      assertThat(server.server.connections()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void tellsWhichCertificateTheClientPresented(Version version) throws Exception {
    X509Bundle jane =
        new CertificateBuilder()
            .subject("CN=jane")
            .addExtendedKeyUsageClientAuth()
            .buildIssuedBy(TestServer.CA);
    try (TestServer server = new TestServer(HttpServerTest::answerWithSubject);
        HttpClient with = TestServer.client(version, jane);
        HttpClient without = TestServer.client(version)) {
      assertThat(with.send(server.request("/").build(), BodyHandlers.ofString()).body())
          .isEqualTo("CN=jane");
      assertThat(without.send(server.request("/").build(), BodyHandlers.ofString()).body())
          .isEqualTo("nobody");
    }
  }

  @ParameterizedTest
  @EnumSource(SslProvider.class)
  void letsACertificateOfAStrangeAuthorityThroughTheHandshake(SslProvider provider)
      throws Exception {
    if (provider == SslProvider.OPENSSL_REFCNT) {
      return; // The same engine as OPENSSL, freed differently.
    }
    // A client that ignores the authorities' names and sends what it has, as curl and Go do.
    X509Bundle stranger =
        new CertificateBuilder()
            .subject("CN=mallory")
            .addExtendedKeyUsageClientAuth()
            .buildIssuedBy(TestServer.authority("another CA"));
    try (TestServer server =
            new TestServer(provider, TransportLimits.DEFAULT, HttpServerTest::answerWithSubject);
        RawClient client = RawClient.withCertificate(server.port(), stranger)) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

      assertThat(client.readAll()).endsWith("CN=mallory");
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void tellsWhenTheClientHangsUp(Version version) throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    try (TestServer server =
        new TestServer(exchange -> {
          exchange.response().head(200, new DefaultHttp2Headers());
          exchange.response().flush();
          exchange.response().onClose(closed::countDown);
          arrived.countDown();
        })) {
      HttpClient client = TestServer.client(version);
      InputStream body =
          client.send(server.request("/").build(), BodyHandlers.ofInputStream()).body();
      assertThat(arrived.await(10, TimeUnit.SECONDS)).isTrue();

      body.close();
      client.shutdownNow();

      assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void aHeadDoesNotWaitForABodyThatIsLate(Version version) throws Exception {
    CompletableFuture<Exchange> received = new CompletableFuture<>();
    try (TestServer server =
            new TestServer(exchange -> {
              exchange.response().head(200, new DefaultHttp2Headers().setInt("content-length", 4));
              exchange.response().flush();
              received.complete(exchange);
            });
        HttpClient client = TestServer.client(version)) {
      HttpResponse<InputStream> answer =
          client.send(server.request("/").build(), BodyHandlers.ofInputStream());
      assertThat(answer.statusCode()).isEqualTo(200);

      Exchange exchange = received.get(20, TimeUnit.SECONDS);
      exchange.response().write(Unpooled.copyInt(1));
      exchange.response().end(null);
      assertThat(answer.body().readAllBytes()).hasSize(4);
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void breaksAnAnswerOffSoThatTheClientNotices(Version version) throws Exception {
    try (TestServer server =
            new TestServer(exchange -> {
              exchange.response().head(200, new DefaultHttp2Headers());
              exchange.response().write(Unpooled.copyInt(1));
              exchange.response().reset();
            });
        HttpClient client = TestServer.client(version)) {
      assertThatThrownBy(() -> client.send(server.request("/").build(), BodyHandlers.ofByteArray()))
          .isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void answersHeadWithoutABody(Version version) throws Exception {
    try (TestServer server =
            new TestServer(exchange -> TestServer.answer(exchange, 200, "not for HEAD"));
        HttpClient client = TestServer.client(version)) {
      for (int i = 0; i < 2; i++) {
        HttpResponse<String> answer =
            client.send(server.request("/").HEAD().build(), BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void answersBeforeTheBodyIsThere(Version version) throws Exception {
    try (TestServer server =
            new TestServer(exchange -> TestServer.answer(exchange, 413, "too large"));
        HttpClient client = TestServer.client(version)) {
      for (int i = 0; i < 3; i++) {
        HttpResponse<String> answer =
            client.send(
                server.request("/").POST(BodyPublishers.ofByteArray(new byte[100_000])).build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(413);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void drainsByFinishingWhatIsUnderWay(Version version) throws Exception {
    BlockingQueue<Exchange> arrived = new LinkedBlockingQueue<>();
    try (TestServer server = new TestServer(arrived::add);
        HttpClient client = TestServer.client(version)) {
      CompletableFuture<HttpResponse<String>> answer =
          client.sendAsync(server.request("/").build(), BodyHandlers.ofString());
      Exchange exchange =
          Objects.requireNonNull(arrived.poll(20, TimeUnit.SECONDS), "no request arrived");
      CompletableFuture<Boolean> drained =
          CompletableFuture.supplyAsync(() -> {
            try {
              return server.server.drain(Duration.ofSeconds(20));
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          });
      assertThat(drained).isNotDone();

      TestServer.answer(exchange, 200, "finished");

      assertThat(answer.get(10, TimeUnit.SECONDS).body()).isEqualTo("finished");
      assertThat(drained.get(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void closesConnectionsBeyondTheLimit() throws Exception {
    try (TestServer server =
        new TestServer(
            SslProvider.OPENSSL,
            TransportLimits.DEFAULT.withMaxConnections(1),
            exchange -> TestServer.answer(exchange, 200, "in"))) {
      SSLSocket first = server.socket("http/1.1");
      assertThatThrownBy(() -> server.socket("http/1.1")).isInstanceOf(IOException.class);

      first.close();
      CompletableFuture<Void> free =
          CompletableFuture.runAsync(() -> {
            while (server.server.connections() > 0) {
              Thread.onSpinWait();
            }
          });
      free.get(10, TimeUnit.SECONDS);
      server.socket("http/1.1").close();
    }
  }

  @Test
  void endsAHandshakeThatTakesTooLong() throws Exception {
    Duration brief = Duration.ofMillis(200);
    try (TestServer server =
            new TestServer(
                SslProvider.OPENSSL,
                TransportLimits.DEFAULT.withTimeouts(brief, brief, brief),
                exchange -> TestServer.answer(exchange, 200, "in"));
        java.net.Socket silent = new java.net.Socket("localhost", server.port())) {
      silent.setSoTimeout(20_000);

      assertThat(silent.getInputStream().read()).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @CsvSource({"h2", "http/1.1"})
  void endsAConnectionThatAsksForNothing(String protocol) throws Exception {
    Duration brief = Duration.ofMillis(100);
    try (TestServer server =
            new TestServer(
                SslProvider.OPENSSL,
                TransportLimits.DEFAULT.withTimeouts(Duration.ofSeconds(5), brief, brief),
                exchange -> TestServer.answer(exchange, 200, "in"));
        SSLSocket socket = server.socket(protocol)) {
      // HTTP/2: SETTINGS and GOAWAY come first.
      socket.getInputStream().readAllBytes();
    }
  }

  private static void answerWithSubject(Exchange exchange) {
    TestServer.answer(
        exchange,
        200,
        exchange.clientCertificates().isEmpty()
            ? "nobody"
            : exchange.clientCertificates().getFirst().getSubjectX500Principal().getName());
  }

  private static void echo(Exchange exchange) {
    exchange.response().head(200, new DefaultHttp2Headers());
    exchange
        .requestBody()
        .receive(
            new BodyReceiver() {
              @Override
              public void data(ByteBuf bytes) {
                int size = bytes.readableBytes();
                exchange.response().write(bytes, () -> exchange.requestBody().consumed(size));
                exchange.response().flush();
              }

              @Override
              public void end(@Nullable Http2Headers trailers) {
                exchange.response().end(null);
              }

              @Override
              public void failed(Throwable cause) {
                exchange.response().reset();
              }
            });
  }
}
