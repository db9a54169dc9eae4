package io.multicluster.server.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.certs.ServingCertificates;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamLimits;
import io.multicluster.proxy.Upstreams;
import io.multicluster.server.metrics.MetricsText;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A log, and a real HTTPS server that is sent what is in it, goes away and comes back. */
@Timeout(120)
final class AuditWebhookTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final AuditWebhook.Backoff SOON =
      new AuditWebhook.Backoff(Duration.ofMillis(10), Duration.ofMillis(100));

  @TempDir private Path folder;
  private final EventLoopGroup loops = Upstreams.eventLoops("test", 1);
  private final List<Integer> accepted = new CopyOnWriteArrayList<>();
  private final List<Integer> batches = new CopyOnWriteArrayList<>();
  private final BlockingQueue<Integer> refused = new LinkedBlockingQueue<>();
  private volatile ToIntFunction<List<Integer>> answer = _ -> 200;
  private ServingCertificates certificates;
  private int port;
  private @Nullable HttpsServer server;
  private @Nullable AuditLog log;
  private @Nullable AuditWebhook webhook;

  @BeforeEach
  void prepare() throws Exception {
    certificates =
        ServingCertificates.selfSigned(
            folder.resolve("tls"), List.of("127.0.0.1"), Clock.systemUTC());
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
  }

  @AfterEach
  void stop() {
    stopGateway();
    stopServer();
    loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  @Test
  void bringsEachEventInOrderAlthoughTheServerGoesAwayAndComesBack() throws Exception {
    startServer();
    startGateway(10_000, 0, 50);
    append(0, 300);
    awaitAccepted(300);

    stopServer();
    append(300, 1300);
    awaitFailures(2);
    startServer();
    awaitAccepted(1300);

    answer = _ -> 503;
    append(1300, 1400);
    refused.take();
    answer = _ -> 400;
    refused.clear();
    for (int i = 0; i < 20; i++) {
      refused.take(); // Of everything: that is no matter of single events.
    }
    answer = _ -> 200;
    awaitAccepted(1400);
    assertThat(accepted).containsExactlyElementsOf(numbers(0, 1400));
    assertThat(metric("left_out_total")).isZero();
    assertThat(batches).allMatch(size -> size <= 50);
    assertThat(LogFile.backups(file())).as("the log was set aside meanwhile").isNotEmpty();
  }

  @Test
  void goesOnAfterARestartWhereItWas() throws Exception {
    startServer();
    startGateway(10_000, 0, 50);
    append(0, 200);
    awaitAccepted(200);
    stopServer();
    append(200, 500);
    stopGateway();

    startGateway(10_000, 0, 50);
    append(500, 600);
    startServer();
    awaitAccepted(600);
    assertThat(accepted).containsExactlyElementsOf(numbers(0, 600));
  }

  @Test
  void isNotSentWhatWasThereBeforeIt() throws Exception {
    startServer();
    log = AuditLog.open(settings(10_000, 0));
    append(0, 100);
    stopGateway();

    startGateway(10_000, 0, 50);
    append(100, 150);
    awaitAccepted(50);
    assertThat(accepted).containsExactlyElementsOf(numbers(100, 150));
  }

  @Test
  void takesSmallerBatchesAndLeavesOutWhatTheServerWillNeverTake() throws Exception {
    answer = numbers -> numbers.contains(17) ? 400 : numbers.size() > 8 ? 413 : 200;
    startServer();
    startGateway(100_000, 0, 400);
    append(0, 60);
    awaitAccepted(59);
    List<Integer> all = new ArrayList<>(numbers(0, 60));
    all.remove(Integer.valueOf(17));
    assertThat(accepted).containsExactlyElementsOf(all);
    assertThat(metric("left_out_total")).isEqualTo(1);
  }

  @Test
  void hasWhatIsStillKeptAfterAnOutageThatWasTooLongAndTellsOfTheRest() throws Exception {
    startGateway(5_000, 2, 400);
    append(0, 1000);
    awaitFailures(1);
    List<Integer> kept = new ArrayList<>();
    for (Path file : LogFile.backups(file())) {
      kept.addAll(numbersIn(Files.readAllLines(file)));
    }
    kept.addAll(numbersIn(Files.readAllLines(file())));
    assertThat(kept).hasSizeBetween(10, 900);

    startServer();
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> accepted.containsAll(kept));
    assertThat(accepted).as("in order, and once").isSorted().doesNotHaveDuplicates();
    assertThat(metric("left_out_total")).isPositive();
  }

  @Test
  void sendsAgainWhatFailedInAWayThatNobodyForesaw() throws Exception {
    startServer();
    log = AuditLog.open(settings(10_000, 0));
    UpstreamClient client =
        new Upstreams(loops, UpstreamLimits.DEFAULT).open("audit-webhook", kubeconfig());
    webhook = AuditWebhook.start(log, stumbling(client, 3), "", 50, SOON);
    append(0, 100);
    awaitAccepted(100);
    assertThat(accepted).containsExactlyElementsOf(numbers(0, 100));
    assertThat(metric("failures_total")).isEqualTo(3);
  }

  /** The client, the first calls of which fail as none should. */
  private static UpstreamClient stumbling(UpstreamClient client, int times) {
    AtomicInteger left = new AtomicInteger(times);
    return (UpstreamClient)
        Proxy.newProxyInstance(
            AuditWebhookTest.class.getClassLoader(),
            new Class<?>[] {UpstreamClient.class},
            (_, method, arguments) -> {
              if (method.getName().equals("call") && left.getAndDecrement() > 0) {
                throw new IllegalStateException("nobody foresaw this");
              }
              return method.invoke(client, arguments);
            });
  }

  @Test
  void staysThereAlthoughReadingTheLogFailsInAWayThatNobodyForesaw() throws Exception {
    startServer();
    startGateway(10_000, 0, 50);
    append(0, 10);
    Path progress = file().resolveSibling("audit.webhook");
    Awaitility.await("progress")
        .atMost(Duration.ofSeconds(60))
        .until(() -> !Files.readString(progress).contains("\"offset\":0"));
    stopGateway();
    Files.writeString(
        progress, Files.readString(progress).replaceAll("\"offset\":\\d+", "\"offset\":-1"));

    startGateway(10_000, 0, 50);
    awaitFailures(3);
  }

  private static List<Integer> numbersIn(List<String> lines) throws IOException {
    List<Integer> numbers = new ArrayList<>();
    for (String line : lines) {
      numbers.add(JSON.readTree(line).path("auditID").asInt());
    }
    return numbers;
  }

  private static List<Integer> numbers(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private void append(int from, int to) throws Exception {
    for (int i = from; i < to; i++) {
      // Not all in one write, which is never divided between files.
      boolean wait = i % 20 == 0 || i == to - 1;
      CompletableFuture<@Nullable Void> written =
          Objects.requireNonNull(log).append(line(i), wait ? Urgency.OUTCOME : Urgency.NOTE);
      if (wait) {
        written.get(60, TimeUnit.SECONDS);
      }
    }
  }

  private static byte[] line(int number) {
    return ("{\"kind\":\"Event\",\"auditID\":\"" + number + "\"}\n").getBytes(UTF_8);
  }

  private void awaitAccepted(int count) {
    Awaitility.await("events at the server")
        .atMost(Duration.ofSeconds(60))
        .until(() -> new LinkedHashSet<>(accepted).size() >= count);
  }

  private void awaitFailures(int count) {
    Awaitility.await("failed batches")
        .atMost(Duration.ofSeconds(60))
        .until(() -> metric("failures_total") >= count);
  }

  private double metric(String name) {
    MetricsText page = new MetricsText();
    Objects.requireNonNull(webhook).write(page);
    return new String(page.bytes(), UTF_8)
        .lines()
        .filter(line -> line.startsWith("multicluster_audit_webhook_" + name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
        .findFirst()
        .orElseThrow();
  }

  private Path kubeconfig() throws IOException {
    Path kubeconfig = folder.resolve("webhook.kubeconfig");
    Files.writeString(
        kubeconfig,
        """
        apiVersion: v1
        kind: Config
        clusters:
        - name: collector
          cluster: {server: "https://127.0.0.1:%d/audit/events", certificate-authority-data: %s}
        users: [{name: gateway, user: {token: secret}}]
        contexts: [{name: main, context: {cluster: collector, user: gateway}}]
        current-context: main
        """
            .formatted(
                port,
                Base64.getEncoder().encodeToString(certificates.authorityPem().getBytes(UTF_8))));
    return kubeconfig;
  }

  private void startGateway(long maxBytes, int maxBackups, int batchSize) throws Exception {
    log = AuditLog.open(settings(maxBytes, maxBackups));
    webhook =
        AuditWebhook.start(
            log, new Upstreams(loops, UpstreamLimits.DEFAULT), kubeconfig(), batchSize, SOON);
  }

  private void stopGateway() {
    if (webhook != null) {
      webhook.close();
      webhook = null;
    }
    if (log != null) {
      log.close();
      log = null;
    }
  }

  private LogSettings settings(long maxBytes, int maxBackups) {
    return new LogSettings(file(), maxBytes, maxBackups, Duration.ZERO, 0);
  }

  private Path file() {
    return folder.resolve("audit/audit.log");
  }

  private void startServer() throws Exception {
    KeyedCertificate own = certificates.current();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    keys.setKeyEntry("own", own.key(), new char[0], own.chain().toArray(Certificate[]::new));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keys, new char[0]);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(factory.getKeyManagers(), null, null);
    HttpsServer started =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    started.setHttpsConfigurator(new HttpsConfigurator(tls));
    started.createContext("/", this::receive);
    started.start();
    server = started;
  }

  private void stopServer() {
    if (server != null) {
      server.stop(0);
      server = null;
    }
  }

  private void receive(HttpExchange exchange) throws IOException {
    JsonNode list = JSON.readTree(exchange.getRequestBody());
    List<Integer> numbers = new ArrayList<>();
    list.path("items").forEach(item -> numbers.add(item.path("auditID").asInt()));
    boolean asked =
        exchange.getRequestMethod().equals("POST")
            && exchange.getRequestURI().toString().equals("/audit/events")
            && "Bearer secret".equals(exchange.getRequestHeaders().getFirst("authorization"))
            && list.path("kind").asText().equals("EventList")
            && list.path("apiVersion").asText().equals("audit.k8s.io/v1");
    int status = asked ? answer.applyAsInt(numbers) : 404;
    if (status == 200 && !numbers.isEmpty()) {
      accepted.addAll(numbers);
      batches.add(numbers.size());
    } else if (status == 200) {
      // Only to see whether it is taken.
    } else {
      refused.add(status);
    }
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }
}
