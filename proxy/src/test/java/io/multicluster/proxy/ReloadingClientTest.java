package io.multicluster.proxy;

import static io.multicluster.proxy.Received.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.multicluster.wire.http.RequestHead;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Leaks.class)
class ReloadingClientTest {
  private static final TestPki PKI = new TestPki();

  @TempDir private Path folder = Path.of("");
  private final EventLoopGroup group = Upstreams.eventLoops("test", 1);
  private final H2Upstream server =
      new H2Upstream(
          PKI,
          request ->
              request.answer(
                  "Bearer good".equals(request.header("authorization")) ? 200 : 401,
                  "" + request.header("authorization")));

  @AfterEach
  void close() {
    server.close();
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Test
  void aChangedTokenFileIsFollowed() throws Exception {
    try (UpstreamClient client = open("old", Duration.ofMillis(20))) {
      assertThat(ask(client)).isEqualTo("Bearer old");
      Files.writeString(folder.resolve("token"), "new");
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> ask(client).equals("Bearer new"));
    }
  }

  @Test
  void refusedCredentialsAreReadAgainAtOnce() throws Exception {
    try (UpstreamClient client = open("old", Duration.ofHours(1))) {
      Files.writeString(folder.resolve("token"), "good");
      assertThat(ask(client)).isEqualTo("Bearer old");
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> ask(client).equals("Bearer good"));
    }
  }

  @Test
  void aBrokenChangeLeavesTheLastGoodState() throws Exception {
    try (UpstreamClient client = open("good", Duration.ofHours(1))) {
      Files.writeString(folder.resolve("token"), "other");
      Files.writeString(folder.resolve("kubeconfig"), "{");
      for (int i = 0; i < 3; i++) {
        assertThat(ask(client)).isEqualTo("Bearer good");
      }
      assertThatIllegalArgumentException()
          .isThrownBy(() ->
              client.reconfigure(
                  UpstreamConfig.of(server.url()).withCertificateAuthority("no certificate")));
      assertThat(ask(client)).isEqualTo("Bearer good");
    }
  }

  private static String ask(UpstreamClient client) throws Exception {
    Received answer = new Received();
    client.send(new RequestHead("GET", "/", "", new DefaultHttp2Headers(false)), null, answer);
    return get(answer.ended);
  }

  private UpstreamClient open(String token, Duration interval) throws Exception {
    Files.writeString(folder.resolve("ca.crt"), PKI.authorityPem());
    Files.writeString(folder.resolve("token"), token);
    Path file = folder.resolve("kubeconfig");
    Files.writeString(
        file,
        """
        current-context: c
        contexts: [{name: c, context: {cluster: a, user: u}}]
        clusters: [{name: a, cluster: {server: "%s", certificate-authority: ca.crt}}]
        users: [{name: u, user: {tokenFile: token}}]
        """
            .formatted(server.url()));
    return ReloadingClient.open("test", file, List.of(), interval, group, UpstreamLimits.DEFAULT);
  }
}
