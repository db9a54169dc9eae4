package io.multicluster.authn.token;

import static io.multicluster.authn.Requests.headers;
import static io.multicluster.authn.Requests.request;
import static io.multicluster.authn.Requests.user;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.authn.Authentication;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BearerAuthenticatorTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicInteger asked = new AtomicInteger();

  @ParameterizedTest
  @ValueSource(strings = {"Bearer good", "bearer good", "BEARER good trailing words"})
  void theTokenIsTheSecondWord(String authorization) {
    assertThat(name(headers("authorization", authorization))).isEqualTo("good-user");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Bearer", "Bearer ", "Bearer  good", "Basic good", "good"})
  void otherFormsAreNoToken(String authorization) {
    assertThat(authenticator().authenticate(request(headers("authorization", authorization))))
        .isNull();
  }

  @Test
  void unknownAndRefusedTokensAreUnauthorized() {
    refused(401, headers("authorization", "Bearer unknown"));
    refused(401, headers("authorization", "Bearer bad"));
    refused(401, headers("authorization", "Bearer " + "x".repeat(100_000)));
  }

  @Test
  void tokensThatCantBeJudgedAreNotCalledWrongAndAreAskedAgain() {
    refused(503, headers("authorization", "Bearer outage"));
    refused(503, headers("authorization", "Bearer outage"));
    assertThat(asked).hasValue(2);
  }

  @Test
  void answersAreKeptForTenSeconds() {
    BearerAuthenticator authenticator = authenticator();
    Http2Headers headers = headers("authorization", "Bearer good");
    assertThat(authenticator.authenticateNow(request(headers)))
        .isEqualTo(Authentication.Unknown.MUST_ASK);
    authenticator.authenticate(request(headers));
    assertThat(authenticator.authenticateNow(request(headers)))
        .isEqualTo(new Authentication.Accepted(user("good-user")));

    nanos.addAndGet(Duration.ofSeconds(11).toNanos());

    assertThat(authenticator.authenticateNow(request(headers)))
        .isEqualTo(Authentication.Unknown.MUST_ASK);
    assertThat(asked).hasValue(1);
  }

  @Test
  void refusalsAreKeptToo() {
    BearerAuthenticator authenticator = authenticator();
    Http2Headers headers = headers("authorization", "Bearer bad");
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> authenticator.authenticate(request(headers)))
          .isInstanceOf(ApiException.class);
    }
    assertThat(asked).hasValue(1);
  }

  @Test
  void aTokenThatExpiresIsRefusedThoughItIsKnown() {
    refused(401, headers("authorization", "Bearer expired"));
  }

  @Test
  void manyWhoAskAtOnceCauseOneQuestion() throws Exception {
    CountDownLatch all = new CountDownLatch(8);
    BearerAuthenticator authenticator =
        new BearerAuthenticator(
            List.of(token -> {
              asked.incrementAndGet();
              try {
                all.await();
              } catch (InterruptedException e) {
                throw new IOException(e);
              }
              return new TokenUser(user(token), Instant.MAX);
            }),
            clock(),
            nanos::get);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<UserInfo>> users =
          java.util.stream.IntStream.range(0, 8)
              .mapToObj(_ ->
                  threads.submit(() -> {
                    all.countDown();
                    return authenticator.authenticate(
                        request(headers("authorization", "Bearer t")));
                  }))
              .toList();
      for (Future<UserInfo> each : users) {
        assertThat(each.get().name()).isEqualTo("t");
      }
    }
    assertThat(asked).hasValue(1);
  }

  @Test
  void browsersOfferTheTokenAsSubprotocol() {
    assertThat(name(webSocket(offered("good") + ", v4.channel.k8s.io"))).isEqualTo("good-user");
    assertThat(
            authenticator()
                .authenticate(request(headers("sec-websocket-protocol", offered("good") + ", x"))))
        .as("without an upgrade it is no WebSocket")
        .isNull();
    assertThat(authenticator().authenticate(request(webSocket("v4.channel.k8s.io")))).isNull();
  }

  @Test
  void subprotocolsThatAreWrongAreRefused() {
    refused(401, webSocket(offered("good")));
    refused(401, webSocket(offered("good") + "," + offered("good") + ",x"));
    refused(401, webSocket(offered("good") + "=,x"));
    refused(401, webSocket("base64url.bearer.authorization.k8s.io.%%,x"));
    refused(401, webSocket("base64url.bearer.authorization.k8s.io._w,x"));
  }

  @Test
  void noBackendSeesTokens() {
    Http2Headers headers = webSocket(offered("good") + ", v5.channel.k8s.io,v4.channel.k8s.io");
    headers.add("authorization", "Bearer good");

    authenticator().strip(headers);

    assertThat(headers.get("authorization")).isNull();
    assertThat(headers.get("sec-websocket-protocol"))
        .hasToString("v5.channel.k8s.io,v4.channel.k8s.io");
  }

  private String name(Http2Headers headers) {
    return Objects.requireNonNull(authenticator().authenticate(request(headers))).name();
  }

  private void refused(int code, Http2Headers headers) {
    assertThatThrownBy(() -> authenticator().authenticate(request(headers)))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(code));
  }

  private BearerAuthenticator authenticator() {
    return new BearerAuthenticator(
        List.of(
            token -> {
              asked.incrementAndGet();
              return switch (token) {
                case "bad" -> throw new TokenRefusedException("it is bad");
                case "outage" -> throw new IOException("nobody there");
                default -> null;
              };
            },
            token ->
                switch (token) {
                  case "good" -> new TokenUser(user("good-user"), NOW.plusSeconds(5));
                  case "expired" -> new TokenUser(user("late"), NOW.minusSeconds(5));
                  default -> null;
                }),
        clock(),
        nanos::get);
  }

  private static Clock clock() {
    return Clock.fixed(NOW, ZoneOffset.UTC);
  }

  private static Http2Headers webSocket(String protocols) {
    return headers("upgrade", "WebSocket", "sec-websocket-protocol", protocols);
  }

  private static String offered(String token) {
    return "base64url.bearer.authorization.k8s.io."
        + Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(token.getBytes(StandardCharsets.UTF_8));
  }
}
