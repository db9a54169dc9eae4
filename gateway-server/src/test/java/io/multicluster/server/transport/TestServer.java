package io.multicluster.server.transport;

import io.multicluster.wire.http.Exchange;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A server on a free port with a certificate of its own CA, and clients for it. */
public final class TestServer implements AutoCloseable {
  public static final X509Bundle CA = authority("test CA");

  final HttpServer server;
  private final EventLoopGroup loops;

  public TestServer(RequestHandler handler) throws Exception {
    this(SslProvider.OPENSSL, TransportLimits.DEFAULT, handler);
  }

  TestServer(SslProvider provider, TransportLimits limits, RequestHandler handler)
      throws Exception {
    X509Bundle own =
        new CertificateBuilder()
            .subject("CN=server")
            .addSanDnsName("localhost")
            .addSanIpAddress("127.0.0.1")
            .addExtendedKeyUsageServerAuth()
            .buildIssuedBy(CA);
    SslContext tls =
        ServingTls.context(
            provider,
            own.getKeyPair().getPrivate(),
            own.getCertificatePathList(),
            List.of(CA.getCertificate()));
    loops = EventLoops.create(1);
    server =
        HttpServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            loops,
            EventLoops.serverChannel(),
            () -> tls,
            limits,
            handler);
  }

  public static X509Bundle authority(String name) {
    try {
      return new CertificateBuilder()
          .subject("CN=" + name)
          .setIsCertificateAuthority(true)
          .buildSelfSigned();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  public int port() {
    return server.address().getPort();
  }

  public URI uri(String path) {
    return URI.create("https://localhost:" + port() + path);
  }

  public HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(uri(path)).timeout(Duration.ofSeconds(20));
  }

  public static HttpClient client(HttpClient.Version version) {
    return client(version, null);
  }

  public static HttpClient client(HttpClient.Version version, @Nullable X509Bundle certificate) {
    return HttpClient.newBuilder().version(version).sslContext(tls(certificate)).build();
  }

  /** A socket on which the handshake is done, agreed on {@code protocol}. */
  SSLSocket socket(String protocol) throws IOException {
    SSLSocket socket = (SSLSocket) tls(null).getSocketFactory().createSocket("localhost", port());
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {protocol});
    socket.setSSLParameters(parameters);
    socket.setSoTimeout(20_000);
    socket.startHandshake();
    return socket;
  }

  private static SSLContext tls(@Nullable X509Bundle certificate) {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("ca", CA.getCertificate());
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, null);
      if (certificate != null) {
        own.setKeyEntry(
            "own",
            certificate.getKeyPair().getPrivate(),
            new char[0],
            certificate.getCertificatePathWithRoot());
      }
      keys.init(own, new char[0]);
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  public static void answer(Exchange exchange, int status, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange
        .response()
        .head(
            status,
            new DefaultHttp2Headers()
                .set("content-type", "text/plain")
                .setInt("content-length", bytes.length));
    exchange.response().write(Unpooled.wrappedBuffer(bytes));
    exchange.response().end(null);
  }

  @Override
  public void close() {
    server.close();
    loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
