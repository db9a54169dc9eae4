package io.multicluster.authn.x509;

import static io.multicluster.authn.Requests.headers;
import static io.multicluster.authn.Requests.request;
import static io.multicluster.authn.x509.TestCa.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.authn.x509.RequestHeaderAuthenticator.Headers;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RequestHeaderAuthenticatorTest {
  private final TestCa ca = TestCa.root("front-proxies");
  private final X509Certificate proxy = certificate("front-proxy");

  @TempDir private Path folder;
  private CaFiles files = new CaFiles(List.of());

  @BeforeEach
  void trustTheCa() throws IOException {
    files = new CaFiles(List.of(Files.writeString(folder.resolve("ca.crt"), ca.pem())));
  }

  @Test
  void theProxySaysWhoTheUserIs() {
    Http2Headers headers =
        headers(
            "x-remote-user", "jane",
            "x-remote-uid", "42",
            "x-remote-group", "dev",
            "x-remote-group", "",
            "x-remote-group", "ops",
            "x-remote-extra-scopes", "a",
            "x-remote-extra-scopes", "b",
            "x-remote-extra-acme.com%2fproject", "shop",
            "x-remote-extra-bad%zz", "kept");

    assertThat(authenticator().authenticate(request(headers, proxy)))
        .isEqualTo(
            new UserInfo(
                "jane",
                "42",
                List.of("dev", "ops"),
                Map.of(
                    "scopes", List.of("a", "b"),
                    "acme.com/project", List.of("shop"),
                    "bad%zz", List.of("kept"))));
  }

  @Test
  void fromOthersTheHeadersMeanNothing() {
    Http2Headers headers = headers("x-remote-user", "root", "x-remote-group", "system:masters");

    assertThat(authenticator().authenticate(request(headers))).isNull();
    refused(headers, certificate("somebody"));
    refused(
        headers,
        TestCa.root("others").issue(new TestCa.Spec().name(name(BCStyle.CN, "front-proxy"))));
  }

  @Test
  void withoutAListOfNamesEachCertificateOfTheCaIsAProxys() {
    assertThat(
            new RequestHeaderAuthenticator(files, Set.of(), Headers.STANDARD, clock())
                .authenticate(request(headers("x-remote-user", "jane"), certificate("any"))))
        .extracting(UserInfo::name)
        .isEqualTo("jane");
  }

  @Test
  void aProxyWithoutUserSaysNothing() {
    assertThat(authenticator().authenticate(request(headers("x-remote-group", "dev"), proxy)))
        .isNull();
  }

  @Test
  void otherHeadersMayBeConfigured() {
    RequestHeaderAuthenticator authenticator =
        new RequestHeaderAuthenticator(
            files,
            Set.of("front-proxy"),
            new Headers(List.of("X-User", "X-Login "), List.of(), List.of("X-G"), List.of("X-E-")),
            clock());
    Http2Headers headers =
        headers("x-login", "jane", "x-g", "dev", "x-e-k", "v", "x-remote-group", "no", "a", "b");

    assertThat(authenticator.authenticate(request(headers, proxy)))
        .isEqualTo(new UserInfo("jane", "", List.of("dev"), Map.of("k", List.of("v"))));

    authenticator.strip(headers);
    assertThat(headers.names()).hasToString("[x-remote-group, a]");
  }

  private void refused(Http2Headers headers, X509Certificate certificate) {
    assertThatThrownBy(() -> authenticator().authenticate(request(headers, certificate)))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(401));
  }

  private RequestHeaderAuthenticator authenticator() {
    return new RequestHeaderAuthenticator(files, Set.of("front-proxy"), Headers.STANDARD, clock());
  }

  private X509Certificate certificate(String commonName) {
    return ca.issue(new TestCa.Spec().name(name(BCStyle.CN, commonName)));
  }

  private static Clock clock() {
    return Clock.fixed(TestCa.NOW, ZoneOffset.UTC);
  }
}
