package io.multicluster.proxy;

import static io.multicluster.proxy.Received.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What goes wrong between the gateway and an API server: each request ends in its right error, and
 * nothing of it is left over, neither streams nor connections (counted after each test) nor buffers
 * (whose leaks are looked for after all).
 */
@ExtendWith(Leaks.class)
class ProxyFaultsTest {
  private static final TestPki PKI = new TestPki();
  private static final UserInfo JANE = new UserInfo("jane", "", List.of(), java.util.Map.of());
  private static EventLoopGroup group;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final List<Forwarded> all = new ArrayList<>();
  private final List<NettyUpstreamClient> clients = new ArrayList<>();

  /** One forwarded exchange with its outcome: a status, or an error before there was one. */
  private static final class Forwarded {
    final FakeExchange exchange;
    final CompletableFuture<ApiException> failed = new CompletableFuture<>();

    Forwarded(FakeExchange exchange) {
      this.exchange = exchange;
    }

    ApiException error() throws Exception {
      return get(failed);
    }

    /** The answer's or the error's status once the exchange is over; 0 if it was broken off. */
    int outcome() throws Exception {
      CompletableFuture<Integer> outcome = new CompletableFuture<>();
      failed.thenAccept(error -> outcome.complete(error.status().code()));
      exchange.ended.thenAccept(_ -> outcome.complete(exchange.status()));
      Thread.ofVirtual()
          .start(() -> {
            try {
              exchange.wasReset.await();
              outcome.complete(0);
            } catch (InterruptedException e) {
              outcome.completeExceptionally(e);
            }
          });
      return outcome.get(30, TimeUnit.SECONDS);
    }
  }

  @BeforeAll
  static void startLoops() {
    group = Upstreams.eventLoops("faults", 2);
  }

  @AfterAll
  static void stopLoops() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @AfterEach
  void nothingIsLeftOver() throws Exception {
    all.forEach(forwarded -> forwarded.exchange.close());
    for (NettyUpstreamClient client : clients) {
      await(() ->
          client.usage().stream()
              .allMatch(
                  usage -> usage.requests() == 0 && usage.waiting() == 0 && usage.upgrades() == 0));
      client.close();
      await(() -> client.usage().stream().allMatch(usage -> usage.connections() == 0));
    }
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  @Test
  void aConnectionThatIsCutIsGivenUpAndEachOfItsRequestsEndsByItsKind() throws Exception {
    H2Upstream server =
        server(request -> {
          if (request.path().equals("/watch")) {
            request.head(200);
          }
        });
    FaultyNetwork network = network(server);
    connect(network.url());
    EventLoop loop = loop();
    Forwarded watch = forward(loop, "GET", "/watch");
    get(watch.exchange.answered);
    server.next();
    Forwarded read = forward(loop, "GET", "/read");
    Forwarded write = forward(loop, "POST", "/write");
    server.next();
    server.next();

    network.cut();

    assertThat(watch.exchange.wasReset.await(10, TimeUnit.SECONDS)).as("watch").isTrue();
    assertThat(write.error().status().code()).isEqualTo(502);
    assertThat(write.error().status().retryAfterSeconds()).as("no invitation").isZero();
    H2Upstream.Request repeated = server.next();
    assertThat(repeated.path()).isEqualTo("/read");
    repeated.answer(200, "over a new connection");
    assertThat(get(read.exchange.ended)).isEqualTo("over a new connection");
    assertThat(network.connections()).isEqualTo(2);
  }

  @Test
  void aBitThatFlipsOnTheWayBreaksTheConnectionAndNoBytesOfItArePassedOn() throws Exception {
    H2Upstream server = server(request -> request.head(200));
    FaultyNetwork network = network(server);
    connect(network.url());
    EventLoop loop = loop();
    Forwarded first = forward(loop, "GET", "/long");
    get(first.exchange.answered);
    H2Upstream.Request request = server.next();
    request.text("good");
    assertThat(first.exchange.flushedText()).isEqualTo("good");

    network.corrupt();
    request.text("bad");

    assertThat(first.exchange.wasReset.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(first.exchange.received).hasValue("good".length());
    Forwarded next = forward(loop, "GET", "/next");
    assertThat(get(next.exchange.answered)).isEqualTo(200);
    assertThat(network.connections()).isEqualTo(2);
  }

  @Test
  void anAnswerThatStallsHoldsUpNobodyElseAndIsResetWhenItsClientGivesUp() throws Exception {
    H2Upstream server =
        server(request -> {
          if (request.path().equals("/stalls")) {
            request.head(200);
            request.text("half of");
          } else {
            request.answer(200, "whole");
          }
        });
    connect(server.url());
    EventLoop loop = loop();
    Forwarded stalled = forward(loop, "GET", "/stalls");
    assertThat(stalled.exchange.flushedText()).isEqualTo("half of");
    H2Upstream.Request request = server.next();

    for (int i = 0; i < 50; i++) {
      assertThat(get(forward(loop, "GET", "/other").exchange.ended)).isEqualTo("whole");
    }
    stalled.exchange.close();

    assertThat(get(request.reset)).isEqualTo(Http2Error.CANCEL.code());
    assertThat(server.connections).hasSize(1);
  }

  @Test
  void aServerThatDoesNotSpeakTlsIs503() throws Exception {
    ServerSocket plain = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    open.push(plain);
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (true) {
              try (Socket socket = plain.accept()) {
                socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(UTF_8));
              }
            }
          } catch (java.io.IOException closed) {
            // The test is over.
          }
        });
    connect(URI.create("https://127.0.0.1:" + plain.getLocalPort()));

    ApiException error = forward(loop(), "POST", "/write").error();

    assertThat(error.status().code()).isEqualTo(503);
    assertThat(error.status().retryAfterSeconds()).isPositive();
  }

  @Test
  void aSlowClientLosesItsAnswerWithTheServerAndKeepsNoBuffer() throws Exception {
    H2Upstream server =
        server(request -> {
          request.head(200);
          request.data(Unpooled.wrappedBuffer(new byte[8 << 20]), true);
        });
    connect(server.url());
    Forwarded slow = new Forwarded(new FakeExchange(loop(), "GET", "/big", true).bodyless().slow());
    forward(slow);
    await(() -> slow.exchange.held.get() >= 64 * 1024);

    server.kill();

    assertThat(slow.exchange.wasReset.await(10, TimeUnit.SECONDS)).isTrue();
    await(() -> slow.exchange.held.get() == 0);
  }

  @Test
  void aServerThatIsKilledAndComesBackUnderLoadLosesNothingButWhatWasUnderWay() throws Exception {
    Consumer<H2Upstream.Request> script =
        request -> {
          switch (request.path()) {
            case "/watch" -> request.head(200);
            case "/long" -> {
              request.head(200);
              request.data(Unpooled.wrappedBuffer(new byte[512 * 1024]), true);
            }
            case "/write" -> request.body.thenAccept(_ -> request.answer(201, "made"));
            default -> request.answer(200, "read");
          }
        };
    H2Upstream.Options options = new H2Upstream.Options();
    H2Upstream first = server(options, script);
    options.port = first.port();
    connect(first.url());
    List<Forwarded> watches = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      watches.add(forward(loop(), "GET", "/watch"));
    }
    for (Forwarded watch : watches) {
      get(watch.exchange.answered);
    }

    List<Forwarded> load = new ArrayList<>();
    for (int round = 0; round < 40; round++) {
      for (String path : List.of("/read", "/write", "/long")) {
        load.add(forward(loop(), path.equals("/write") ? "POST" : "GET", path));
      }
      if (round == 10) {
        first.kill();
      }
      if (round == 30) {
        server(options, script);
      }
      load.getLast().outcome();
    }

    TreeSet<Integer> outcomes = new TreeSet<>();
    for (Forwarded each : load) {
      outcomes.add(each.outcome());
    }
    assertThat(outcomes).contains(200, 201, 503).isSubsetOf(0, 200, 201, 502, 503);
    for (Forwarded watch : watches) {
      assertThat(watch.outcome()).as("a watch ends with its server").isZero();
    }
    await(() -> forward(loop(), "GET", "/read").outcome() == 200);
  }

  // Several servers.

  @Test
  void requestsLeaveAServerThatIsNotReadyAndStayWhereTheyWentWhenItIsAgain() throws Exception {
    Equal one = new Equal("one");
    Equal two = new Equal("two");
    connect(one.server.url(), two.server.url());
    Forwarded watch = forward(loop(), "GET", "/watch");
    assertThat(watch.exchange.flushedText()).isEqualTo("one");

    one.readiness = 500;
    awaitServedBy("two");
    assertThat(watch.exchange.wasReset.getCount()).as("what was under way goes on").isEqualTo(1);

    one.readiness = 200;
    one.awaitAsked();
    two.readiness = 500;
    awaitServedBy("one");
    two.readiness = 403;
    for (int i = 0; i < 10; i++) {
      assertThat(get(forward(loop(), "GET", "/read").exchange.ended)).isEqualTo("one");
    }
  }

  @Test
  void withoutAnyReadyServerTheOneThatIsThereIsAsked() throws Exception {
    Equal one = new Equal("one");
    one.readiness = 500;
    H2Upstream gone = server(request -> {});
    URI goneUrl = gone.url();
    gone.kill();
    connect(goneUrl, one.server.url());
    await(() -> one.asked.size() > 4);

    assertThat(get(forward(loop(), "GET", "/read").exchange.ended)).isEqualTo("one");
  }

  /** One of several equal servers. */
  private final class Equal {
    final List<String> asked = new java.util.concurrent.CopyOnWriteArrayList<>();
    final H2Upstream server;
    volatile int readiness = 200;

    Equal(String name) {
      server =
          server(request -> {
            if (request.path().equals("/readyz")) {
              asked.add(name);
              request.answer(readiness, "told by " + name);
            } else if (request.path().equals("/watch")) {
              request.head(200);
              request.text(name);
            } else {
              request.answer(200, name);
            }
          });
    }

    /** Waits until the answer to a question that is asked from now on has arrived. */
    void awaitAsked() {
      int before = asked.size();
      await(() -> asked.size() > before + 1);
    }
  }

  /** Waits until the requests of all event loops, which are told one after the other, go there. */
  private void awaitServedBy(String name) {
    await(() -> {
      boolean all = true;
      for (int i = 0; i < 10; i++) {
        all &= get(forward(loop(), "GET", "/read").exchange.ended).equals(name);
      }
      return all;
    });
  }

  // The world.

  private H2Upstream server(Consumer<H2Upstream.Request> script) {
    return server(new H2Upstream.Options(), script);
  }

  private H2Upstream server(H2Upstream.Options options, Consumer<H2Upstream.Request> script) {
    H2Upstream server = new H2Upstream(PKI, options, script);
    open.push(server);
    return server;
  }

  private FaultyNetwork network(H2Upstream server) throws Exception {
    FaultyNetwork network = new FaultyNetwork(server.port());
    open.push(network);
    return network;
  }

  /** Notices silence within a second. */
  private void connect(URI... urls) {
    UpstreamLimits d = UpstreamLimits.DEFAULT;
    UpstreamLimits impatient =
        new UpstreamLimits(
            d.connectTimeout(),
            d.queueTimeout(),
            Duration.ofMillis(300),
            Duration.ofMillis(700),
            d.idleTimeout(),
            Duration.ofMillis(50),
            d.streamWindow(),
            d.streamsPerConnection(),
            d.connections(),
            d.waiting(),
            d.breakerFailures(),
            Duration.ofMillis(100),
            Duration.ofMillis(100));
    clients.add(new NettyUpstreamClient("test", PKI.config(urls), group, impatient, () -> {}));
  }

  private EventLoop loop() {
    EventExecutor next = group.next();
    return (EventLoop) next;
  }

  private Forwarded forward(EventLoop loop, String method, String path) {
    Forwarded forwarded = new Forwarded(new FakeExchange(loop, method, path, true).bodyless());
    forward(forwarded);
    return forwarded;
  }

  private void forward(Forwarded forwarded) {
    all.add(forwarded);
    ReverseProxy.forward(
        forwarded.exchange,
        clients.getFirst(),
        JANE,
        forwarded.exchange.request().path(),
        Duration.ZERO,
        forwarded.failed::complete);
  }

  private static void await(java.util.concurrent.Callable<Boolean> condition) {
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(condition);
  }
}
