package io.multicluster.proxy;

import static io.multicluster.proxy.RawH2Server.ACK;
import static io.multicluster.proxy.RawH2Server.CONTINUATION;
import static io.multicluster.proxy.RawH2Server.DATA;
import static io.multicluster.proxy.RawH2Server.END_HEADERS;
import static io.multicluster.proxy.RawH2Server.END_STREAM;
import static io.multicluster.proxy.RawH2Server.GOAWAY;
import static io.multicluster.proxy.RawH2Server.HEADERS;
import static io.multicluster.proxy.RawH2Server.OK;
import static io.multicluster.proxy.RawH2Server.PADDED;
import static io.multicluster.proxy.RawH2Server.PING;
import static io.multicluster.proxy.RawH2Server.PUSH_PROMISE;
import static io.multicluster.proxy.RawH2Server.RST_STREAM;
import static io.multicluster.proxy.RawH2Server.SETTINGS;
import static io.multicluster.proxy.RawH2Server.WINDOW_UPDATE;
import static io.multicluster.proxy.Received.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.proxy.RawH2Server.Frame;
import io.multicluster.proxy.RawH2Server.Script;
import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Error;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The client's side of RFC 9113 against a server that keeps to it, or does not. */
class Http2LinkTest extends UpstreamFixture {
  /** With windows that a test can fill. */
  private static final UpstreamLimits LIMITS = limits(128 * 1024, 10, 64, 4096);

  private static final int ENABLE_PUSH = 2;
  private static final int INITIAL_WINDOW_SIZE = 4;
  private static final int MAX_FRAME_SIZE = 5;
  private static final int MAX_HEADER_LIST_SIZE = 6;
  private static final int INITIAL_WINDOW = 65_535;

  // What a peer may do.

  @Test
  void settingsAndPingsAreAcknowledged() throws Exception {
    RawH2Server server =
        server(client -> {
          client.greet();
          Frame settings = client.next(SETTINGS);
          assertThat(settings.has(ACK)).isFalse();
          assertThat(client.next(SETTINGS).has(ACK)).isTrue();
          int stream = client.next(HEADERS).stream();
          client.send(PING, 0, 0, "12345678".getBytes(UTF_8));
          Frame pong = client.next(PING);
          assertThat(pong.has(ACK)).isTrue();
          assertThat(pong.payload()).asString(UTF_8).isEqualTo("12345678");
          client.answer(stream);
        });
    assertThat(get(ask(client(server), "GET").status)).isEqualTo(200);
    get(server.done());
  }

  @Test
  void unknownFramesAndPaddingAreTaken() throws Exception {
    RawH2Server server =
        server(client -> {
          client.greet();
          int stream = client.next(HEADERS).stream();
          client.send(200, 255, stream, (byte) 1, (byte) 2);
          client.send(HEADERS, END_HEADERS, stream, OK);
          byte[] padded = "\3text...".getBytes(UTF_8);
          client.send(DATA, PADDED | END_STREAM, stream, padded);
        });
    assertThat(get(ask(client(server), "GET").ended)).isEqualTo("text");
  }

  @Test
  void aHeadLargerThanAFrameGoesInPieces() throws Exception {
    byte[][] block = new byte[1][];
    RawH2Server server =
        server(client -> {
          client.greet(MAX_FRAME_SIZE, 16_384, MAX_HEADER_LIST_SIZE, 1 << 20);
          Frame head = client.next(HEADERS);
          ByteArrayOutputStream all = new ByteArrayOutputStream();
          all.writeBytes(head.payload());
          assertThat(head.payload()).hasSize(16_384);
          assertThat(head.has(END_STREAM)).isTrue();
          assertThat(head.has(END_HEADERS)).isFalse();
          Frame more = client.read();
          while (!more.has(END_HEADERS)) {
            assertThat(more.type()).isEqualTo(CONTINUATION);
            all.writeBytes(more.payload());
            more = client.read();
          }
          all.writeBytes(more.payload());
          block[0] = all.toByteArray();
          client.answer(head.stream());
        });
    RequestHead head = head("GET");
    String large = "x".repeat(40_000);
    head.headers().set("x-large", large);
    head.headers().set("x-other", "b");
    Received answer = new Received();
    client(server).send(head, null, answer);
    assertThat(get(answer.status)).isEqualTo(200);

    ByteBuf bytes = Unpooled.wrappedBuffer(block[0]);
    var decoded = new DefaultHttp2HeadersDecoder(true, 1 << 20).decodeHeaders(1, bytes);
    assertThat(decoded.get("x-large")).hasToString(large);
    assertThat(decoded.get("x-other")).hasToString("b");
  }

  @Test
  void aHeadThatThePeerDoesNotTakeIsABadRequestAndCostsNoConnection() throws Exception {
    RawH2Server server =
        server(client -> {
          client.greet(MAX_HEADER_LIST_SIZE, 1000);
          client.answer(client.next(HEADERS).stream());
        });
    UpstreamClient client = client(server);
    RequestHead large = head("GET");
    large.headers().set("x-large", "x".repeat(1000));
    Received refused = new Received();
    client.send(large, null, refused);

    assertThat(get(refused.failed)).hasMessageContaining("headers are too large");
    assertThat(get(ask(client, "GET").status)).isEqualTo(200);
  }

  @Test
  void theAnswerToHeadHasTheLengthOfABodyThatDoesNotCome() throws Exception {
    RawH2Server server =
        server(client -> {
          client.greet();
          client.send(
              HEADERS,
              END_HEADERS | END_STREAM,
              client.next(HEADERS).stream(),
              withContentLength("5"));
        });
    Received answer = ask(client(server), "HEAD");
    assertThat(get(answer.ended)).isEmpty();
    assertThat(get(answer.headers).get("content-length")).hasToString("5");
  }

  // Flow control.

  @Test
  void aBodyKeepsToAWindowThatShrinksAndGrows() throws Exception {
    RawH2Server server =
        server(client -> {
          client.greet(INITIAL_WINDOW_SIZE, 10);
          int stream = client.next(HEADERS).stream();
          assertThat(client.next(DATA).payload()).hasSize(10);
          client.settings(INITIAL_WINDOW_SIZE, 4); // The window is -6 now.
          client.sendNumber(WINDOW_UPDATE, stream, 9);
          assertThat(client.next(DATA).payload()).hasSize(3);
          client.settings(INITIAL_WINDOW_SIZE, 9);
          assertThat(client.next(DATA).payload()).hasSize(5);
          client.sendNumber(WINDOW_UPDATE, stream, 1000);
          Frame rest = client.next(DATA);
          assertThat(rest.payload()).hasSize(12);
          assertThat(rest.has(END_STREAM)).isTrue();
          client.answer(stream);
        });
    Received answer = new Received();
    client(server).send(head("POST"), Unpooled.wrappedBuffer(new byte[30]), answer);
    assertThat(get(answer.status)).isEqualTo(200);
    get(server.done());
  }

  @Test
  void bodiesShareTheConnectionsWindowInTurns() throws Exception {
    int frames = 8;
    RawH2Server server =
        server(client -> {
          client.greet(INITIAL_WINDOW_SIZE, 1 << 20);
          int second = 0;
          int before = 0;
          while (second <= 1 || before < INITIAL_WINDOW) {
            Frame frame = client.read();
            second = frame.type() == HEADERS ? frame.stream() : second;
            before += frame.type() == DATA ? frame.payload().length : 0;
          }
          assertThat(before).isEqualTo(INITIAL_WINDOW);
          client.sendNumber(WINDOW_UPDATE, 0, frames * 16_384);
          int ofSecond = 0;
          for (int i = 0; i < frames; i++) {
            Frame frame = client.next(DATA);
            assertThat(frame.payload()).hasSize(16_384);
            ofSecond += frame.stream() == second ? 1 : 0;
          }
          assertThat(ofSecond).isEqualTo(frames / 2);
        });
    UpstreamClient client = client(server);
    byte[] large = new byte[1 << 19];
    client.send(head("POST"), Unpooled.wrappedBuffer(large), new Received());
    client.send(head("POST"), Unpooled.wrappedBuffer(large), new Received());
    get(server.done());
  }

  @Test
  void anEmptyEndNeedsNoWindow() throws Exception {
    RawH2Server server =
        server(client -> {
          client.greet(INITIAL_WINDOW_SIZE, 5);
          int stream = client.next(HEADERS).stream();
          assertThat(client.next(DATA).has(END_STREAM)).isFalse();
          client.send(HEADERS, END_HEADERS, stream, OK);
          Frame end = client.next(DATA);
          assertThat(end.payload()).isEmpty();
          assertThat(end.has(END_STREAM)).isTrue();
          client.send(DATA, END_STREAM, stream, new byte[0]);
        });
    TestSource source = new TestSource();
    Received answer = new Received();
    client(server)
        .send(
            UpstreamRequest.of(head("POST")).withBody(new UpstreamRequest.Body.Streamed(source)),
            answer);
    source.receiver().data(Unpooled.wrappedBuffer(new byte[5]));
    get(answer.status);
    source.receiver().end(null);
    assertThat(get(answer.ended)).isEmpty();
    get(server.done());
  }

  @Test
  void bytesForAStreamThatIsOverAreCredited() throws Exception {
    CompletableFuture<Void> sentAll = new CompletableFuture<>();
    RawH2Server server =
        server(client -> {
          client.greet();
          int stream = client.next(HEADERS).stream();
          client.send(HEADERS, END_HEADERS, stream, OK);
          assertThat(client.next(RST_STREAM).stream()).isEqualTo(stream);
          // More than the connection's window in all.
          int sent = 0;
          int allowed = LIMITS.connectionWindow();
          while (sent < LIMITS.connectionWindow() * 3L / 2) {
            for (; allowed >= 16_384; allowed -= 16_384) {
              client.send(DATA, 0, stream, new byte[16_384]);
              sent += 16_384;
            }
            Frame update = client.next(WINDOW_UPDATE);
            assertThat(update.stream()).isZero();
            allowed += update.number();
          }
          sentAll.complete(null);
          client.answer(client.next(HEADERS).stream());
        });
    UpstreamClient client = client(server);
    Received watch = new Received();
    UpstreamExchange exchange = client.send(UpstreamRequest.of(head("GET")), watch);
    get(watch.status);
    exchange.cancel();

    get(sentAll);
    assertThat(get(ask(client, "GET").status)).isEqualTo(200);
  }

  // What a peer must not do.

  static Stream<Arguments> malformedAnswers() {
    byte[] informational = {0x48, 3, '1', '0', '3'};
    byte[] noStatus = {0x48, 3, '2', 'x', '0'};
    byte[] other = {0x00, 1, 'a', 1, 'b'};
    return Stream.of(
        malformed("no head", (client, id) -> client.send(DATA, 0, id, new byte[1])),
        malformed("no status", (client, id) -> client.send(HEADERS, END_HEADERS, id, other)),
        malformed(
            "no number for a status",
            (client, id) -> client.send(HEADERS, END_HEADERS, id, noStatus)),
        malformed(
            "an informational end",
            (client, id) -> client.send(HEADERS, END_HEADERS | END_STREAM, id, informational)),
        malformed(
            "trailers that are no end",
            (client, id) -> {
              client.send(HEADERS, END_HEADERS, id, OK);
              client.send(HEADERS, END_HEADERS, id, other);
            }),
        malformed(
            "a name in upper case",
            (client, id) -> {
              byte[] upper = {(byte) 0x88, 0x00, 1, 'A', 1, 'b'};
              client.send(HEADERS, END_HEADERS, id, upper);
            }),
        malformed(
            "a longer body",
            (client, id) -> {
              client.send(HEADERS, END_HEADERS, id, withContentLength("5"));
              client.send(DATA, 0, id, new byte[6]);
            }),
        malformed(
            "a shorter body",
            (client, id) -> {
              client.send(HEADERS, END_HEADERS, id, withContentLength("5"));
              client.send(DATA, END_STREAM, id, new byte[4]);
            }),
        malformed(
            "no body at all",
            (client, id) ->
                client.send(HEADERS, END_HEADERS | END_STREAM, id, withContentLength("5"))));
  }

  @FunctionalInterface
  interface Offence {
    void commit(RawH2Server.Peer client, int stream) throws IOException;
  }

  private static Arguments malformed(String what, Offence offence) {
    return Arguments.argumentSet(what, offence);
  }

  @ParameterizedTest
  @MethodSource("malformedAnswers")
  void aMalformedAnswerEndsItsRequestAndNoOther(Offence offence) throws Exception {
    RawH2Server server =
        server(client -> {
          client.greet();
          int stream = client.next(HEADERS).stream();
          offence.commit(client, stream);
          Frame reset = client.next(RST_STREAM);
          assertThat(reset.stream()).isEqualTo(stream);
          assertThat(reset.number()).isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
          client.answer(client.next(HEADERS).stream());
        });
    UpstreamClient client = client(server);
    Received failing = ask(client, "POST");
    assertThatThrownBy(() -> get(failing.ended)).hasMessageContaining("http2: ");
    assertThat(get(ask(client, "GET").status)).isEqualTo(200);
    get(server.done());
  }

  @Test
  void moreThanAStreamsWindowEndsItsRequestAndNoOther() throws Exception {
    RawH2Server server =
        server(client -> {
          client.greet();
          int stream = client.next(HEADERS).stream();
          client.send(HEADERS, END_HEADERS, stream, OK);
          for (int i = 0; i <= LIMITS.streamWindow() / 16_384; i++) {
            client.send(DATA, 0, stream, new byte[16_384]);
          }
          Frame reset = client.next(RST_STREAM);
          assertThat(reset.number()).isEqualTo((int) Http2Error.FLOW_CONTROL_ERROR.code());
          client.answer(client.next(HEADERS).stream());
        });
    UpstreamClient client = client(server);
    Received stalled = new Received();
    client.send(UpstreamRequest.of(head("GET")), stalled);
    assertThat(get(stalled.failed)).hasMessageContaining("window");
    assertThat(stalled.bytes.get()).isEqualTo(LIMITS.streamWindow());
    assertThat(get(ask(client, "GET").status)).isEqualTo(200);
  }

  static Stream<Arguments> brokenConnections() {
    return Stream.of(
        broken(
            "an answer to nobody",
            Http2Error.PROTOCOL_ERROR,
            (client, id) -> client.answer(id + 2)),
        broken(
            "a stream of the server's",
            Http2Error.PROTOCOL_ERROR,
            (client, id) -> client.send(DATA, 0, 2, new byte[1])),
        broken(
            "a pushed answer",
            Http2Error.PROTOCOL_ERROR,
            (client, id) -> {
              byte[] promise = {0, 0, 0, 2, (byte) 0x82};
              client.send(PUSH_PROMISE, END_HEADERS, id, promise);
            }),
        broken(
            "push by settings",
            Http2Error.PROTOCOL_ERROR,
            (client, id) -> client.settings(ENABLE_PUSH, 1)),
        broken(
            "a window beyond all bounds",
            Http2Error.FLOW_CONTROL_ERROR,
            (client, id) -> client.sendNumber(WINDOW_UPDATE, 0, Integer.MAX_VALUE)),
        broken(
            "a frame beyond its size",
            Http2Error.FRAME_SIZE_ERROR,
            (client, id) -> client.send(DATA, 0, id, new byte[16_385])),
        broken(
            "a head that is none",
            Http2Error.COMPRESSION_ERROR,
            (client, id) -> client.send(HEADERS, END_HEADERS, id, (byte) 0xff, (byte) 0xff)));
  }

  private static Arguments broken(String what, Http2Error code, Offence offence) {
    return Arguments.argumentSet(what, code, offence);
  }

  @ParameterizedTest
  @MethodSource("brokenConnections")
  void aPeerThatBreaksTheProtocolIsLeftWithItsReason(Http2Error code, Offence offence)
      throws Exception {
    RawH2Server server =
        server(
            client -> {
              client.greet();
              offence.commit(client, client.next(HEADERS).stream());
              assertThat(client.next(GOAWAY).code()).isEqualTo((int) code.code());
              client.readOn();
            },
            client -> {
              client.greet();
              client.answer(client.next(HEADERS).stream());
            });
    // Repeated on a new connection, for it changes nothing.
    assertThat(get(ask(client(server), "GET").status)).isEqualTo(200);
    get(server.done());
  }

  @Test
  void settingsThatWidenAStreamBeyondAllBoundsBreakTheConnection() throws Exception {
    RawH2Server server =
        server(client -> {
          client.greet();
          int stream = client.next(HEADERS).stream();
          client.sendNumber(WINDOW_UPDATE, stream, 1 << 30);
          client.settings(INITIAL_WINDOW_SIZE, Integer.MAX_VALUE);
          assertThat(client.next(GOAWAY).code())
              .isEqualTo((int) Http2Error.FLOW_CONTROL_ERROR.code());
        });
    Received answer = new Received();
    client(server).send(head("POST"), Unpooled.wrappedBuffer(new byte[1 << 19]), answer);
    assertThat(get(answer.failed)).hasMessageContaining("SETTINGS_INITIAL_WINDOW_SIZE");
    get(server.done());
  }

  @Test
  void anEndThatComesWithTheLastBytesSharesTheirFrame() throws Exception {
    RawH2Server server =
        server(client -> {
          client.greet();
          int stream = client.next(HEADERS).stream();
          client.send(HEADERS, END_HEADERS, stream, OK);
          Frame bytes = client.next(DATA);
          assertThat(bytes.payload()).hasSize(5);
          assertThat(bytes.has(END_STREAM)).isTrue();
          client.send(DATA, END_STREAM, stream, new byte[0]);
        });
    TestSource source = new TestSource();
    Received answer = new Received();
    client(server)
        .send(
            UpstreamRequest.of(head("POST")).withBody(new UpstreamRequest.Body.Streamed(source)),
            answer);
    get(answer.status);
    BodyReceiver to = source.receiver();
    group
        .next()
        .execute(() -> {
          to.data(Unpooled.wrappedBuffer(new byte[5]));
          to.end(null);
        });
    assertThat(get(answer.ended)).isEmpty();
    get(server.done());
  }

  @Test
  void aServerThatSpeaksSomethingElseIsSaidSo() throws Exception {
    RawH2Server server =
        server(client -> {
          client.readPreface();
          client.raw("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".getBytes(UTF_8));
          client.readOn();
        });
    assertThat(get(ask(client(server), "GET").failed)).hasMessageContaining("is this HTTP/2?");
  }

  @Test
  void aPeerThatAsksAndDoesNotReadIsLeft() throws Exception {
    RawH2Server server =
        server(
            client -> {
              client.greet();
              client.next(HEADERS);
              byte[] pings = pings(1000);
              assertThatThrownBy(
                      () -> {
                        while (true) {
                          client.raw(pings);
                        }
                      })
                  .isInstanceOf(IOException.class);
            },
            client -> {
              client.greet();
              client.answer(client.next(HEADERS).stream());
            });
    // It takes a while to fill the sockets between the two.
    assertThat(ask(client(server), "GET").status.get(60, TimeUnit.SECONDS)).isEqualTo(200);
    get(server.done());
  }

  private static byte[] pings(int count) {
    byte[] ping = {0, 0, 8, PING, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    byte[] all = new byte[count * ping.length];
    for (int i = 0; i < count; i++) {
      System.arraycopy(ping, 0, all, i * ping.length, ping.length);
    }
    return all;
  }

  // Help.

  /** {@code :status: 200} and a length. */
  private static byte[] withContentLength(String length) {
    byte[] digits = length.getBytes(UTF_8);
    byte[] block = Arrays.copyOf(new byte[] {(byte) 0x88, 0x0f, 0x0d, 0}, 4 + digits.length);
    block[3] = (byte) digits.length;
    System.arraycopy(digits, 0, block, 4, digits.length);
    return block;
  }

  private RawH2Server server(Script... scripts) throws Exception {
    RawH2Server server = new RawH2Server(PKI, scripts);
    open.add(server);
    return server;
  }

  private UpstreamClient client(RawH2Server server) {
    return open(PKI.config(server.url()), LIMITS);
  }

  private static Received ask(UpstreamClient client, String method) {
    Received answer = new Received();
    client.send(head(method), null, answer);
    return answer;
  }

  private static RequestHead head(String method) {
    return new RequestHead(method, "/", "", new DefaultHttp2Headers());
  }
}
