package io.multicluster.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.http.Exchange;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.ssl.SslProvider;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class Http2AbuseTest {
  private final BlockingQueue<Exchange> arrived = new LinkedBlockingQueue<>();
  private TestServer server;
  private RawClient client;

  @BeforeEach
  void start() throws Exception {
    TransportLimits limits =
        new TransportLimits(
            10, 5, 4096, Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofSeconds(30));
    server = new TestServer(SslProvider.OPENSSL, limits, arrived::add);
    client = RawClient.http2(server);
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    server.close();
  }

  @Test
  void endsAConnectionThatOpensAndResetsStreamsWithoutEnd() throws Exception {
    for (int i = 0; i < 3000; i++) {
      try {
        client.request(1 + 2 * i, false);
        client.frame(RawClient.RST_STREAM, 0, 1 + 2 * i, new byte[] {0, 0, 0, 8});
      } catch (java.io.IOException hungUp) {
        break;
      }
    }

    assertThat(client.await(RawClient.GOAWAY).intAt(4))
        .isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
    assertThat(arrived.size()).isLessThan(1100);
  }

  @Test
  void endsAConnectionThatFloodsPings() throws Exception {
    client.flood(3000, RawClient.PING, 0, 0, new byte[8]);

    assertThat(client.await(RawClient.GOAWAY).intAt(4))
        .isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
  }

  @Test
  void endsAConnectionThatFloodsSettings() throws Exception {
    client.flood(3000, RawClient.SETTINGS, 0, 0);

    assertThat(client.await(RawClient.GOAWAY).intAt(4))
        .isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
  }

  @Test
  void endsAConnectionThatFloodsEmptyData() throws Exception {
    client.request(1, true);
    client.flood(100, RawClient.DATA, 0, 1);

    assertThat(client.await(RawClient.GOAWAY).intAt(4))
        .isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
  }

  @Test
  void answersAnOversizedHeadWithoutReadingMore() throws Exception {
    client.request(1, false, "authorization", "x".repeat(4500));

    RawClient.Frame head = client.await(RawClient.HEADERS);
    assertThat(head.stream()).isEqualTo(1);
    assertThat(new String(head.payload(), java.nio.charset.StandardCharsets.ISO_8859_1))
        .contains("431");
    assertThat(arrived).isEmpty();
  }

  @Test
  void refusesStreamsBeyondTheLimitAndServesTheOthers() throws Exception {
    for (int stream = 1; stream <= 11; stream += 2) {
      client.request(stream, false);
    }

    RawClient.Frame refused = client.await(RawClient.RST_STREAM);
    assertThat(refused.stream()).isEqualTo(11);
    assertThat(refused.intAt(0)).isEqualTo((int) Http2Error.REFUSED_STREAM.code());
    TestServer.answer(arrived.take(), 200, "served");
    assertThat(client.await(RawClient.HEADERS).stream()).isEqualTo(1);
  }

  @Test
  void holdsTheSenderBackWhileNobodyReadsItsBody() throws Exception {
    client.request(1, true);
    Exchange exchange = arrived.take();
    // 256 KiB is the window; one byte more breaks the protocol, and nothing gave credit.
    client.flood(16, RawClient.DATA, 0, 1, new byte[16 * 1024]);
    client.frame(RawClient.DATA, 0, 1, (byte) 1);

    RawClient.Frame reset = client.await(RawClient.RST_STREAM);
    assertThat(reset.intAt(0)).isEqualTo((int) Http2Error.FLOW_CONTROL_ERROR.code());
    assertThat(exchange.response().headSent()).isFalse();
  }

  @Test
  void tellsWhoeverAsksForTheBodyTooLateThatTheClientIsGone() throws Exception {
    client.request(1, true);
    Exchange exchange = arrived.take();
    CountDownLatch closed = new CountDownLatch(1);
    exchange.response().onClose(closed::countDown);
    client.frame(RawClient.RST_STREAM, 0, 1, new byte[] {0, 0, 0, 8});
    assertThat(closed.await(60, TimeUnit.SECONDS)).isTrue();

    CompletableFuture<Throwable> told = new CompletableFuture<>();
    exchange
        .requestBody()
        .receive(
            new BodyReceiver() {
              @Override
              public void data(ByteBuf bytes) {
                bytes.release();
              }

              @Override
              public void end(@Nullable Http2Headers trailers) {}

              @Override
              public void failed(Throwable cause) {
                told.complete(cause);
              }
            });

    assertThat(told.get(60, TimeUnit.SECONDS)).isInstanceOf(ClientGoneException.class);
  }

  @Test
  void goesAwayInTwoStepsAndServesWhatCameBetween() throws Exception {
    client.request(1, false);
    Exchange first = arrived.take();
    Thread drain =
        Thread.startVirtualThread(() -> {
          try {
            server.server.drain(Duration.ofSeconds(20));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    RawClient.Frame warning = client.await(RawClient.GOAWAY);
    assertThat(warning.intAt(0)).isEqualTo(Integer.MAX_VALUE);
    client.request(3, false);
    Exchange second = arrived.take();
    RawClient.Frame ping = client.await(RawClient.PING);
    client.frame(RawClient.PING, 1, 0, ping.payload());

    assertThat(client.await(RawClient.GOAWAY).intAt(0)).isEqualTo(3);
    TestServer.answer(first, 200, "");
    TestServer.answer(second, 200, "");
    assertThat(client.await(RawClient.HEADERS).stream()).isEqualTo(1);
    assertThat(client.await(RawClient.HEADERS).stream()).isEqualTo(3);
    assertThat(client.readAll()).isNotNull();
    drain.join();
  }

  @Test
  void turnsAWishToCloseTheConnectionIntoGoaway() throws Exception {
    client.request(1, false);
    Exchange exchange = arrived.take();
    exchange.response().head(401, new DefaultHttp2Headers(false).set("connection", "close"));
    exchange.response().end(null);

    assertThat(client.await(RawClient.GOAWAY).intAt(4)).isZero();
  }

  @Test
  void leavesAClientTimeToReadTheLastAnswerBeforeTheConnectionEnds() throws Exception {
    client.request(1, false);
    Exchange exchange = arrived.take();
    long answered = System.nanoTime();
    exchange.response().head(401, new DefaultHttp2Headers(false).set("connection", "close"));
    exchange.response().end(null);
    RawClient.Frame ping = client.await(RawClient.PING);
    client.frame(RawClient.PING, 1, 0, ping.payload());

    assertThat(client.readAll()).isNotNull();
    assertThat(Duration.ofNanos(System.nanoTime() - answered))
        .isGreaterThanOrEqualTo(Duration.ofSeconds(1));
  }
}
