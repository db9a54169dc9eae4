package io.multicluster.authn.real;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Ticker;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.jwt.AuthenticationConfigurationFile;
import io.multicluster.authn.jwt.JwtAuthenticator;
import io.multicluster.authn.token.BearerAuthenticator;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestAuthority;
import io.multicluster.testclusters.TestCluster;
import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A kube-apiserver and our authenticator read the same AuthenticationConfiguration: tokens of its
 * issuer make the same users.
 */
class JwtAgreementTest {
  @TempDir private Path folder;

  private String issuer = "";
  private final RSAKey rsa =
      new RSAKeyGenerator(2048).keyUse(KeyUse.SIGNATURE).keyID("rsa").generate();
  private final ECKey ec =
      new ECKeyGenerator(Curve.P_256).keyUse(KeyUse.SIGNATURE).keyID("ec").generate();

  JwtAgreementTest() throws JOSEException {}

  @Test
  void tokensOfAnIssuerMakeTheSameUsers() throws Exception {
    RealClusters.assumeAvailable();
    TestAuthority authority = new TestAuthority("issuers");
    HttpsServer issuing = issuing(authority.loopbackServer("issuer"));
    Path configuration = Files.writeString(folder.resolve("config.yaml"), configuration(authority));
    try (TestCluster cluster =
        new RealClusters(_ -> {})
            .start(
                ClusterSpec.bare("control-plane", folder.resolve("cp"))
                    .withApiServerFlags("--authentication-config=" + configuration))) {
      ApiServer server = ApiServer.of(cluster, folder.resolve("cp"));
      HttpClient nobody = server.withoutCertificate();
      Authenticator ours =
          IdentityAgreementTest.anonymousOtherwise(
              new BearerAuthenticator(
                  List.of(
                      new JwtAuthenticator(
                          AuthenticationConfigurationFile.read(configuration).jwt().getFirst(),
                          Clock.systemUTC())),
                  Clock.systemUTC(),
                  Ticker.systemTicker()));
      Map<String, String> tokens = tokens();
      String good = java.util.Objects.requireNonNull(tokens.get("good"));
      Awaitility.await("the control plane knows the issuer")
          .atMost(Duration.ofMinutes(1))
          .pollInterval(Duration.ofSeconds(1))
          .until(
              () -> IdentityAgreementTest.outcome(ask(server, nobody, good)),
              outcome -> outcome.contains("oidc:alice"));

      Map<String, String> theirs = new LinkedHashMap<>();
      Map<String, String> found = new LinkedHashMap<>();
      for (var each : tokens.entrySet()) {
        theirs.put(
            each.getKey(), IdentityAgreementTest.outcome(ask(server, nobody, each.getValue())));
        found.put(
            each.getKey(),
            IdentityAgreementTest.outcome(
                ours, List.of(), "authorization", "Bearer " + each.getValue()));
      }
      assertThat(found).isEqualTo(theirs);
      assertThat(theirs.values()).contains(IdentityAgreementTest.REFUSED);
    } finally {
      issuing.stop(0);
    }
  }

  private static ApiServer.Answer ask(ApiServer server, HttpClient client, String token)
      throws Exception {
    return server.post(
        client,
        IdentityAgreementTest.PATH,
        IdentityAgreementTest.REVIEW,
        "Authorization",
        "Bearer " + token);
  }

  private Map<String, String> tokens() throws Exception {
    Map<String, String> tokens = new LinkedHashMap<>();
    tokens.put("good", rsa(claims -> claims));
    tokens.put("good, of another kind of key", signed(JWSAlgorithm.ES256, "ec", claims()));
    tokens.put("good, padded otherwise", signed(JWSAlgorithm.PS256, "rsa", claims()));
    tokens.put("for the other audience", rsa(claims -> claims.audience("other")));
    tokens.put("for several audiences", rsa(c -> c.audience(List.of("x", "gateway"))));
    tokens.put("wrong audience", rsa(claims -> claims.audience("x")));
    tokens.put("no audience", rsa(claims -> claims.claim("aud", null)));
    tokens.put("expired", rsa(claims -> claims.expirationTime(in(-60))));
    tokens.put("without end", rsa(claims -> claims.expirationTime(null)));
    tokens.put("valid soon", rsa(claims -> claims.notBeforeTime(in(120))));
    tokens.put("valid later", rsa(claims -> claims.notBeforeTime(in(900))));
    tokens.put("issued in the future", rsa(claims -> claims.issueTime(in(900))));
    tokens.put("other issuer", rsa(claims -> claims.issuer("https://127.0.0.1:1")));
    tokens.put("one group as text", rsa(claims -> claims.claim("groups", "dev")));
    tokens.put("no groups", rsa(claims -> claims.claim("groups", null)));
    tokens.put("groups of numbers", rsa(claims -> claims.claim("groups", List.of(1, 2))));
    tokens.put("no name", rsa(claims -> claims.subject(null)));
    tokens.put("empty name", rsa(claims -> claims.subject("")));
    tokens.put("name is a number", rsa(claims -> claims.claim("sub", 7)));
    tokens.put("a name of the system", rsa(claims -> claims.subject("system:admin")));
    tokens.put("wrong company", rsa(claims -> claims.claim("hd", "evil.example")));
    tokens.put("no company", rsa(claims -> claims.claim("hd", null)));
    tokens.put("too young", rsa(claims -> claims.claim("age", 17)));
    tokens.put("age as text", rsa(claims -> claims.claim("age", "18")));
    tokens.put("several tenants", rsa(claims -> claims.claim("tenant", List.of("a", "", "b"))));
    tokens.put("no tenant", rsa(claims -> claims.claim("tenant", null)));
    tokens.put("with an id", rsa(claims -> claims.jwtID("4711")));
    tokens.put("algorithm none", new PlainJWT(claims().build()).serialize());
    tokens.put("unknown key", signed(JWSAlgorithm.RS256, "other", claims()));
    tokens.put("no key id", signed(JWSAlgorithm.RS256, null, claims()));
    tokens.put("shared secret", shared());
    String good = rsa(claims -> claims);
    tokens.put("signature changed", good.substring(0, good.length() - 4) + "AAAA");
    tokens.put(
        "claims changed",
        good.replaceFirst(
            "\\.[^.]*\\.",
            "."
                + base64("{\"iss\":\"" + issuer + "\",\"aud\":\"gateway\",\"sub\":\"eve\"}")
                + "."));
    return tokens;
  }

  private JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .issuer(issuer)
        .subject("alice")
        .audience("gateway")
        .issueTime(in(-10))
        .expirationTime(in(3600))
        .claim("groups", List.of("dev", "ops"))
        .claim("hd", "example.com")
        .claim("age", 42)
        .claim("tenant", "blue");
  }

  private static Date in(long seconds) {
    return Date.from(Instant.now().plusSeconds(seconds));
  }

  private String rsa(UnaryOperator<JWTClaimsSet.Builder> change) throws Exception {
    return signed(JWSAlgorithm.RS256, "rsa", change.apply(claims()));
  }

  private String signed(JWSAlgorithm algorithm, @Nullable String keyId, JWTClaimsSet.Builder claims)
      throws JOSEException {
    JWSSigner signer =
        "ec".equals(keyId)
            ? new ECDSASigner(ec)
            : new RSASSASigner(
                "other".equals(keyId)
                    ? new RSAKeyGenerator(2048).generate().toPrivateKey()
                    : rsa.toPrivateKey());
    SignedJWT token =
        new SignedJWT(new JWSHeader.Builder(algorithm).keyID(keyId).build(), claims.build());
    token.sign(signer);
    return token.serialize();
  }

  /** Signed with what everybody knows. */
  private String shared() throws JOSEException {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("rsa").build(), claims().build());
    token.sign(new MACSigner(rsa.toPublicKey().getEncoded()));
    return token.serialize();
  }

  private static String base64(String text) {
    return java.util.Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private String configuration(TestAuthority authority) {
    return """
    apiVersion: apiserver.config.k8s.io/v1
    kind: AuthenticationConfiguration
    jwt:
    - issuer:
        url: %s
        audiences: [gateway, other]
        audienceMatchPolicy: MatchAny
        certificateAuthority: |
          %s
      claimValidationRules:
      - {claim: hd, requiredValue: example.com}
      - {expression: "claims.age >= 18", message: only adults}
      claimMappings:
        username: {claim: sub, prefix: "oidc:"}
        groups: {claim: groups, prefix: "oidc:"}
        uid: {expression: "claims.sub + '-' + string(claims.age)"}
        extra:
        - {key: example.com/tenant, valueExpression: "claims.?tenant.orValue('')"}
      userValidationRules:
      - {expression: "!user.username.startsWith('oidc:system:')", message: not of the system}
      - {expression: "user.groups.all(group, !group.startsWith('system:'))"}
    """
        .formatted(issuer, authority.certificate().strip().replace("\n", "\n      "));
  }

  private HttpsServer issuing(TestAuthority.Identity identity) throws Exception {
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    issuer = "https://127.0.0.1:" + server.getAddress().getPort();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    Certificate certificate =
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(
                    identity.certificate().getBytes(StandardCharsets.US_ASCII)));
    store.setKeyEntry("own", key(identity.key()), new char[0], new Certificate[] {certificate});
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, new char[0]);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), null, null);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    answer(
        server,
        "/.well-known/openid-configuration",
        "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\"}".formatted(issuer, issuer));
    answer(server, "/keys", new JWKSet(List.of(rsa, ec)).toString(true));
    server.start();
    return server;
  }

  private static PrivateKey key(String pem) throws Exception {
    try (PEMParser parser = new PEMParser(new StringReader(pem))) {
      Object block = parser.readObject();
      return new JcaPEMKeyConverter()
          .getPrivateKey(
              block instanceof PEMKeyPair pair ? pair.getPrivateKeyInfo() : (PrivateKeyInfo) block);
    }
  }

  private static void answer(HttpsServer server, String path, String document) {
    server.createContext(
        path,
        exchange -> {
          byte[] body = document.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
  }
}
