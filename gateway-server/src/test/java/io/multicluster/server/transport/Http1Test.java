package io.multicluster.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.http.Exchange;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.ssl.SslProvider;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
final class Http1Test {
  private final BlockingQueue<Exchange> arrived = new LinkedBlockingQueue<>();
  private TestServer server;
  private RawClient client;

  @BeforeEach
  void start() throws Exception {
    TransportLimits limits =
        new TransportLimits(
            10, 5, 4096, Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofSeconds(30));
    server = new TestServer(SslProvider.OPENSSL, limits, arrived::add);
    client = RawClient.http1(server);
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    server.close();
  }

  @Test
  void takesOneOfSeveralPipelinedRequestsAtATime() throws Exception {
    client.send(
        "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
            + "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");

    Exchange first = arrived.take();
    assertThat(first.request().path()).isEqualTo("/1");
    assertThat(arrived).isEmpty();
    TestServer.answer(first, 200, "one");
    Exchange second = arrived.take();
    assertThat(second.request().path()).isEqualTo("/2");
    TestServer.answer(second, 200, "two");
    TestServer.answer(arrived.take(), 200, "three");
    assertThat(client.readUntil("three")).contains("one").contains("two");
  }

  @Test
  void asksForTheBodyThatWaitsForA100() throws Exception {
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    Exchange exchange = arrived.take();
    LinkedBlockingQueue<String> body = new LinkedBlockingQueue<>();
    exchange.requestBody().receive(new Collect(exchange, body));

    assertThat(client.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 100 Continue");
    client.send("hi");

    assertThat(body.take()).isEqualTo("hi");
    assertThat(body.take()).isEqualTo("end");
    TestServer.answer(exchange, 200, "thanks");
    assertThat(client.readUntil("thanks")).startsWith("HTTP/1.1 200 OK");
  }

  @Test
  void closesWhenABodyThatWaitsForA100IsNotWanted() throws Exception {
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    TestServer.answer(arrived.take(), 403, "no");

    assertThat(client.readAll()).startsWith("HTTP/1.1 403 Forbidden").endsWith("no");
  }

  @Test
  void streamsChunksBothWays() throws Exception {
    client.send(
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 1\r\n\r\n");
    Exchange exchange = arrived.take();
    LinkedBlockingQueue<String> body = new LinkedBlockingQueue<>();
    exchange.requestBody().receive(new Collect(exchange, body));

    assertThat(body.take()).isEqualTo("hi");
    assertThat(body.take()).isEqualTo("end with x-sum");
    exchange.response().head(200, new DefaultHttp2Headers());
    exchange.response().write(io.netty.buffer.Unpooled.copiedBuffer(new byte[] {'o', 'k'}));
    exchange.response().end(new DefaultHttp2Headers().set("x-total", "1"));

    assertThat(client.readUntil("x-total: 1\r\n\r\n"))
        .contains("transfer-encoding: chunked")
        .contains("2\r\nok\r\n0\r\n");
  }

  @Test
  void handsTheChannelOverWithTheBytesThatCameEarly() throws Exception {
    client.send(
        "GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
    Exchange exchange = arrived.take();
    assertThat(exchange.request().header("upgrade")).isEqualTo("websocket");
    exchange
        .response()
        .upgrade(
            new DefaultHttp2Headers(false).set("connection", "Upgrade").set("upgrade", "websocket"),
            channel -> {
              channel
                  .pipeline()
                  .addLast(
                      new ChannelInboundHandlerAdapter() {
                        @Override
                        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
                          ctx.writeAndFlush(bytes);
                        }
                      });
              channel.config().setAutoRead(true);
            });

    assertThat(client.readUntil("early")).startsWith("HTTP/1.1 101 Switching Protocols");
    client.send("GET is no longer HTTP\r\n\r\n");
    assertThat(client.readUntil("\r\n\r\n")).isEqualTo("GET is no longer HTTP\r\n\r\n");
  }

  @Test
  void answersARefusedUpgradeAndCloses() throws Exception {
    client.send(
        "GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    TestServer.answer(arrived.take(), 403, "no exec for you");

    assertThat(client.readAll())
        .startsWith("HTTP/1.1 403 Forbidden")
        .contains("connection: close")
        .endsWith("no exec for you");
  }

  @Test
  void stopsReadingWhileNobodyTakesTheBody() throws Exception {
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
    Exchange exchange = arrived.take();
    Thread sender =
        Thread.startVirtualThread(() -> {
          try {
            client.send("x".repeat(100_000_000));
          } catch (java.io.IOException closed) {
            // The server hung up, as it should below.
          }
        });
    TestServer.answer(exchange, 413, "too large");
    assertThat(client.readUntil("too large")).startsWith("HTTP/1.1 413");
    sender.join();
  }

  @ParameterizedTest
  @CsvSource({
    "'GET / HTTP/1.1\r\n\r\n',400",
    "'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',400",
    "'GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n',400",
    "'nonsense\r\n\r\n',400",
    "'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',400",
    "'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',400"
  })
  void refusesWhatIsNotProperHttp(String request, String status) throws Exception {
    client.send(request);

    assertThat(client.readAll()).startsWith("HTTP/1.1 " + status);
    assertThat(arrived).isEmpty();
  }

  @Test
  void refusesAnOversizedHead() throws Exception {
    client.send("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: " + "x".repeat(5000) + "\r\n\r\n");

    assertThat(client.readAll()).startsWith("HTTP/1.1 431");
  }

  @Test
  void answersHttp10ByClosing() throws Exception {
    client.send("GET / HTTP/1.0\r\n\r\n");
    Exchange exchange = arrived.take();
    exchange.response().head(200, new DefaultHttp2Headers());
    exchange.response().write(io.netty.buffer.Unpooled.copiedBuffer(new byte[] {'o', 'k'}));
    exchange.response().end(null);

    assertThat(client.readAll()).endsWith("\r\n\r\nok").doesNotContain("chunked");
  }

  private record Collect(Exchange exchange, BlockingQueue<String> to) implements BodyReceiver {
    @Override
    public void data(ByteBuf bytes) {
      to.add(bytes.toString(java.nio.charset.StandardCharsets.US_ASCII));
      exchange.requestBody().consumed(bytes.readableBytes());
      bytes.release();
    }

    @Override
    public void end(@Nullable Http2Headers trailers) {
      to.add(trailers == null ? "end" : "end with " + trailers.iterator().next().getKey());
    }

    @Override
    public void failed(Throwable cause) {
      to.add("failed");
    }
  }
}
