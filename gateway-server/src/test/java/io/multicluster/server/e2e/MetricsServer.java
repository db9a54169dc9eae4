package io.multicluster.server.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.testclusters.TestAuthority;
import io.multicluster.testclusters.TestCluster;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;

/**
 * What a cluster has as its metrics-server, behind an APIService of its API server: each namespace
 * has the pods {@code CLUSTER-a} and {@code CLUSTER-b}, which use 100m and 64Mi each, and there is
 * the node {@code CLUSTER-node}.
 */
final class MetricsServer implements AutoCloseable {
  private static final String BASE = "/apis/metrics.k8s.io/v1beta1";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String USAGE = "{\"cpu\":\"100m\",\"memory\":\"64Mi\"}";
  private static final String RESOURCES =
      """
      {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"metrics.k8s.io/v1beta1","resources":[
      {"name":"nodes","singularName":"node","namespaced":false,"kind":"NodeMetrics","verbs":["get","list"]},
      {"name":"pods","singularName":"pod","namespaced":true,"kind":"PodMetrics","verbs":["get","list"]}]}\
      """;

  private final String cluster;
  private final HttpsServer server;

  private MetricsServer(String cluster, HttpsServer server) {
    this.cluster = cluster;
    this.server = server;
  }

  /** Starts one for the cluster, and returns when its API server passes requests on. */
  static MetricsServer start(TestCluster cluster) throws Exception {
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls()));
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    MetricsServer metrics = new MetricsServer(cluster.name(), server);
    server.createContext("/", metrics::answer);
    server.start();
    try (KubernetesClient client = cluster.access().client()) {
      client
          .resource(
              new ServiceBuilder()
                  .withNewMetadata()
                  .withName("metrics-server")
                  .withNamespace("kube-system")
                  .endMetadata()
                  .withNewSpec()
                  .withType("ExternalName")
                  .withExternalName("localhost")
                  .endSpec()
                  .build())
          .create();
      client
          .resource(
              """
              apiVersion: apiregistration.k8s.io/v1
              kind: APIService
              metadata: {name: v1beta1.metrics.k8s.io}
              spec:
                group: metrics.k8s.io
                version: v1beta1
                groupPriorityMinimum: 100
                versionPriority: 100
                insecureSkipTLSVerify: true
                service: {name: metrics-server, namespace: kube-system, port: %d}
              """
                  .formatted(server.getAddress().getPort()))
          .create();
      Awaitility.await("metrics of " + cluster.name())
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> client.raw(BASE + "/nodes") != null);
    }
    return metrics;
  }

  private static SSLContext tls() throws IOException {
    TestAuthority.Identity identity = new TestAuthority("metrics").loopbackServer("metrics-server");
    return ((JdkSslContext)
            SslContextBuilder.forServer(pem(identity.certificate()), pem(identity.key()))
                .sslProvider(SslProvider.JDK)
                .build())
        .context();
  }

  private static InputStream pem(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String[] parts =
        path.startsWith(BASE + "/")
            ? path.substring(BASE.length() + 1).split("/", -1)
            : new String[0];
    String body =
        switch (parts.length) {
          case 0 -> path.equals(BASE) ? RESOURCES : null;
          case 1 ->
              parts[0].equals("nodes")
                  ? list("NodeMetricsList", Stream.of(node(cluster + "-node")))
                  : list("PodMetricsList", pods("default"));
          case 3 -> list("PodMetricsList", pods(parts[1]));
          case 4 ->
              pods(parts[1])
                  .filter(pod -> pod.contains("\"" + parts[3] + "\""))
                  .findFirst()
                  .orElse(null);
          default -> null;
        };
    try (exchange) {
      byte[] bytes = (body == null ? notFound(parts) : body).getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(body == null ? 404 : 200, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private Stream<String> pods(String namespace) {
    return Stream.of("a", "b")
        .map(name ->
            """
            {"kind":"PodMetrics","apiVersion":"metrics.k8s.io/v1beta1",\
            "metadata":{"name":"%s-%s","namespace":"%s","labels":{"app":"%s"}},\
            "timestamp":"2026-11-25T08:00:00Z","window":"15s",\
            "containers":[{"name":"main","usage":%s}]}\
            """
                .formatted(cluster, name, namespace, name, USAGE));
  }

  private static String node(String name) {
    return """
    {"kind":"NodeMetrics","apiVersion":"metrics.k8s.io/v1beta1","metadata":{"name":"%s"},\
    "timestamp":"2026-11-25T08:00:00Z","window":"15s","usage":%s}\
    """
        .formatted(name, USAGE);
  }

  private static String list(String kind, Stream<String> items) {
    return "{\"kind\":\"%s\",\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"metadata\":{},\"items\":[%s]}"
        .formatted(kind, items.collect(Collectors.joining(",")));
  }

  private static String notFound(String[] parts) {
    return """
    {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"NotFound","code":404,\
    "message":"not found","details":{"name":"%s","group":"metrics.k8s.io","kind":"pods"}}\
    """
        .formatted(parts.length == 0 ? "" : parts[parts.length - 1]);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
