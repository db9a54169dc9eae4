package io.multicluster.proxy;

import static io.multicluster.proxy.Received.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a kube-apiserver that says GOAWAY now and then, is killed and stalls. */
class RealUpstreamTest {
  private static final String CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
  private static final UserInfo ADMINISTRATOR =
      new UserInfo("jane", "", List.of(UserInfo.SYSTEM_MASTERS), Map.of());
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private static Path folder = Path.of("");
  private static EventLoopGroup group = Upstreams.eventLoops("test", 2);
  private static AutoCloseable closing = () -> {};
  private static TestCluster cluster;
  private static UpstreamClient client;

  @BeforeAll
  static void start() throws Exception {
    RealClusters.assumeAvailable();
    cluster =
        new RealClusters(System.err::println)
            .start(
                ClusterSpec.bare("upstream", folder.resolve("upstream"))
                    .withApiServerFlags("--goaway-chance=0.02"));
    client = new Upstreams(group, UpstreamLimits.DEFAULT).open("upstream", cluster.kubeconfig());
    closing =
        () -> {
          client.close();
          cluster.close();
        };
  }

  @AfterAll
  static void stop() throws Exception {
    closing.close();
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Test
  void goAwaysFailNoRequestAndRepeatNoWrite() throws Exception {
    Map<Integer, AtomicInteger> statuses = new ConcurrentHashMap<>();
    try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> done = new ArrayList<>();
      for (int worker = 0; worker < 32; worker++) {
        int number = worker;
        done.add(
            workers.submit(() -> {
              for (int i = 0; i < 40; i++) {
                // A repeated creation would be a 409.
                count(statuses, create("goaway-" + number + "-" + i).status());
                count(statuses, read(CONFIG_MAPS + "/goaway-" + number + "-" + i).status());
              }
            }));
      }
      for (Future<?> each : done) {
        each.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
    }
    assertThat(statuses).containsOnlyKeys(200, 201);
    assertThat(statuses.get(201)).hasValue(32 * 40);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "GET /api/v1/namespaces/default/configmaps/same",
        "GET /api/v1/namespaces/default/configmaps/absent",
        "GET /api/v1/namespaces/default/services?limit=1&pretty=1",
        "GET /api/v1/namespaces/default/services?limit=x",
        "GET /apis/none/v1/things",
        "GET /version",
        "GET /openapi/v2",
        "HEAD /version",
        "PUT /api/v1/namespaces/default/configmaps",
        "POST /api/v1/namespaces/default/configmaps",
        "DELETE /api/v1/namespaces/default/pods/absent",
      })
  void anAnswerThroughTheProxyIsTheServersOwnButForItsAuditId(String method, String target)
      throws Exception {
    ensureExists("same");
    UpstreamResponse direct = ask(method, target);

    EventLoop loop = (EventLoop) group.iterator().next();
    FakeExchange exchange = new FakeExchange(loop, method, target, true).bodyless();
    ReverseProxy.forward(
        exchange,
        client,
        ADMINISTRATOR,
        target,
        Duration.ZERO,
        exchange.ended::completeExceptionally);

    assertThat(get(exchange.ended)).isEqualTo(new String(direct.body(), UTF_8));
    assertThat(get(exchange.answered)).isEqualTo(direct.status());
    assertThat(comparable(get(exchange.headers))).isEqualTo(comparable(direct.headers()));
    assertThat(direct.headers().contains("audit-id")).isTrue();
    assertThat(get(exchange.headers).contains("audit-id")).isFalse();
  }

  private static Map<String, List<String>> comparable(Http2Headers headers) {
    Map<String, List<String>> sorted = new TreeMap<>();
    for (Map.Entry<CharSequence, CharSequence> header : headers) {
      sorted
          .computeIfAbsent(header.getKey().toString(), name -> new ArrayList<>())
          .add(header.getValue().toString());
    }
    sorted.remove("audit-id");
    sorted.remove("date");
    // Names the flow schema that the user falls under, and that is another one.
    sorted.remove("x-kubernetes-pf-flowschema-uid");
    sorted.remove("x-kubernetes-pf-prioritylevel-uid");
    return sorted;
  }

  @Test
  void theServerSeesTheUserWithAllThatIsKnownOfHim() throws Exception {
    EventLoop loop = (EventLoop) group.iterator().next();
    UserInfo user =
        new UserInfo(
            "jürgen@example.com",
            "uid-1",
            List.of("dev", "größen", UserInfo.AUTHENTICATED),
            Map.of("acme.com/project", List.of("one", "two"), "100%", List.of("x y")));
    String path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    FakeExchange exchange =
        new FakeExchange(loop, "POST", path, true).with("content-type", "application/json");
    ReverseProxy.forward(
        exchange, client, user, path, Duration.ZERO, exchange.ended::completeExceptionally);
    exchange.send(
        Unpooled.copiedBuffer(
            "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\"}", UTF_8));
    exchange.sendEnd();

    assertThat(get(exchange.ended))
        .contains("\"username\":\"jürgen@example.com\"")
        .contains("\"uid\":\"uid-1\"")
        .contains("\"groups\":[\"dev\",\"größen\",\"system:authenticated\"]")
        .contains("\"acme.com/project\":[\"one\",\"two\"]")
        .contains("\"100%\":[\"x y\"]");
    assertThat(get(exchange.answered)).isEqualTo(201);
  }

  @Test
  void aWatchGetsItsEventsAndEndsWithTheServer() throws Exception {
    Received watch = new Received();
    client.send(
        UpstreamRequest.of(
            new RequestHead("GET", CONFIG_MAPS, "watch=true", new DefaultHttp2Headers(false))),
        watch);
    assertThat(get(watch.status)).isEqualTo(200);
    create("watched");
    StringBuilder events = new StringBuilder();
    while (events.indexOf("\"watched\"") < 0) {
      events.append(watch.piece());
    }

    cluster.kill();

    get(watch.failed);
    cluster.restart();
  }

  @Test
  void requestsEndInTheirRightErrorWhileTheServerIsKilledAndRestarted() throws Exception {
    Map<Integer, AtomicInteger> statuses = new ConcurrentHashMap<>();
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> done = new ArrayList<>();
      for (int worker = 0; worker < 8; worker++) {
        done.add(
            workers.submit(() -> {
              while (!over.get()) {
                int status = statusOf(CONFIG_MAPS + "?limit=1");
                count(statuses, status);
                if (status == 503) {
                  Thread.sleep(50);
                }
              }
              return null;
            }));
      }
      awaitStatus(200);
      cluster.kill();
      awaitStatus(503);
      cluster.restart();
      awaitStatus(200);
      over.set(true);
      for (Future<?> each : done) {
        each.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
    }
    // 504: a server that has just started may leave a request unanswered for longer than the limit.
    assertThat(statuses.keySet()).contains(200, 503).isSubsetOf(200, 502, 503, 504);
  }

  @Test
  void aServerThatStallsIsATimeoutAndServesOnAfterwards() throws Exception {
    awaitStatus(200);
    cluster.pause();
    try {
      // Not the first one perhaps: the signal is on its way to threads that are at work.
      awaitStatus(504);
    } finally {
      cluster.resume();
    }
    awaitStatus(200);
  }

  private static void awaitStatus(int wanted) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    int status = statusOf("/version");
    while (status != wanted) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("still " + status + " and not " + wanted);
      }
      Thread.sleep(50);
      status = statusOf("/version");
    }
  }

  private static int statusOf(String target) {
    try {
      return read(target).status();
    } catch (ApiException e) {
      return e.status().code();
    }
  }

  private static void ensureExists(String name) {
    assertThat(create(name).status()).isIn(201, 409);
  }

  private static UpstreamResponse read(String target) {
    return ask("GET", target);
  }

  private static UpstreamResponse ask(String method, String target) {
    int query = target.indexOf('?');
    return client.call(
        new RequestHead(
            method,
            query < 0 ? target : target.substring(0, query),
            query < 0 ? "" : target.substring(query + 1),
            new DefaultHttp2Headers(false)),
        null,
        16 << 20,
        Duration.ofSeconds(5));
  }

  private static UpstreamResponse create(String name) {
    DefaultHttp2Headers headers = new DefaultHttp2Headers(false);
    headers.set("content-type", "application/json");
    String body =
        """
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s"},"data":{"a":"b"}}\
        """
            .formatted(name);
    return client.call(
        new RequestHead("POST", CONFIG_MAPS, "", headers), body.getBytes(UTF_8), 1 << 20, PATIENCE);
  }

  private static void count(Map<Integer, AtomicInteger> statuses, int status) {
    statuses.computeIfAbsent(status, any -> new AtomicInteger()).incrementAndGet();
  }
}
