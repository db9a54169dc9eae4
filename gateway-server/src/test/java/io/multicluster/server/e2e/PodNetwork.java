package io.multicluster.server.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;

/**
 * The network behind a cluster's API server, which reaches it through an HTTP CONNECT proxy on a
 * Unix socket (its "egress selector"). Loopback addresses are what they are: the kubelets. Whatever
 * else is asked for, such as the made-up address of a pod, is one small HTTP server: {@code
 * /healthz} says ok, everything else is told back to the caller with its method, headers and body.
 */
final class PodNetwork implements AutoCloseable {
  private final Path configuration;
  private final ServerSocketChannel proxy;
  private final HttpServer application;

  private PodNetwork(Path configuration, ServerSocketChannel proxy, HttpServer application) {
    this.configuration = configuration;
    this.proxy = proxy;
    this.application = application;
  }

  static PodNetwork start(Path folder) throws IOException {
    Path socket = folder.resolve("egress.sock");
    ServerSocketChannel proxy = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    proxy.bind(UnixDomainSocketAddress.of(socket));
    HttpServer application =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    application.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    application.createContext("/", PodNetwork::echo);
    application.createContext("/healthz", exchange -> answer(exchange, "ok"));
    application.start();
    Path configuration = folder.resolve("egress.yaml");
    Files.writeString(
        configuration,
        """
        apiVersion: apiserver.k8s.io/v1beta1
        kind: EgressSelectorConfiguration
        egressSelections:
        - name: cluster
          connection:
            proxyProtocol: HTTPConnect
            transport: {uds: {udsName: %s}}
        """
            .formatted(socket));
    PodNetwork network = new PodNetwork(configuration, proxy, application);
    Thread.ofVirtual().start(network::accept);
    return network;
  }

  String apiServerFlag() {
    return "--egress-selector-config-file=" + configuration;
  }

  private static void echo(HttpExchange exchange) throws IOException {
    StringBuilder told = new StringBuilder();
    told.append(exchange.getRequestMethod()).append(' ').append(exchange.getRequestURI());
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> told.append('\n').append(name).append(": ").append(values));
    told.append("\n\n").append(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
    answer(exchange, told.toString());
  }

  private static void answer(HttpExchange exchange, String text) throws IOException {
    byte[] body = text.getBytes(UTF_8);
    exchange.getResponseHeaders().add("X-Served-By", "application");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel client = proxy.accept();
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException closed) {
      // The cluster is gone.
    }
  }

  private void serve(SocketChannel client) {
    try (client) {
      InputStream in = Channels.newInputStream(client);
      OutputStream out = Channels.newOutputStream(client);
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        int next = in.read();
        if (next < 0) {
          return;
        }
        head.append((char) next);
      }
      String target = head.substring("CONNECT ".length(), head.indexOf(" HTTP/1.1"));
      int port =
          target.startsWith("127.")
              ? Integer.parseInt(target.substring(target.indexOf(':') + 1))
              : application.getAddress().getPort();
      try (Socket server = new Socket(InetAddress.getLoopbackAddress(), port)) {
        out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(US_ASCII));
        Thread back = Thread.ofVirtual().start(() -> copyBack(server, client, out));
        in.transferTo(server.getOutputStream());
        server.shutdownOutput();
        back.join();
      }
    } catch (IOException | InterruptedException ended) {
      // One of the sides is gone.
    }
  }

  private static void copyBack(Socket server, SocketChannel client, OutputStream out) {
    try {
      server.getInputStream().transferTo(out);
      client.shutdownOutput();
    } catch (IOException ended) {
      // One of the sides is gone.
    }
  }

  @Override
  public void close() {
    application.stop(0);
    try {
      proxy.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
