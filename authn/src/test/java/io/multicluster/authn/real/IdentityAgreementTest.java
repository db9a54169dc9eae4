package io.multicluster.authn.real;

import static io.multicluster.authn.x509.TestCa.goName;
import static io.multicluster.authn.x509.TestCa.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Ticker;
import io.multicluster.authn.AnonymousAccess;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.AuthenticatorChain;
import io.multicluster.authn.Requests;
import io.multicluster.authn.real.ApiServer.Answer;
import io.multicluster.authn.review.TokenReviewer;
import io.multicluster.authn.token.BearerAuthenticator;
import io.multicluster.authn.x509.CaFiles;
import io.multicluster.authn.x509.TestCa;
import io.multicluster.authn.x509.TestCa.Spec;
import io.multicluster.authn.x509.X509Authenticator;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same credentials go to a kube-apiserver and to our authenticators: the same user comes out.
 */
class IdentityAgreementTest {
  static final String PATH = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  static final String REVIEW =
      "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\"}";
  static final String REFUSED = "refused";
  private static final ASN1ObjectIdentifier UID = new ASN1ObjectIdentifier("1.3.6.1.4.1.57683.2");

  private static final Pattern QUOTED = Pattern.compile("User \"([^\"]*)\"");

  private final KeyPair key = TestCa.keys();
  private final Instant now = Instant.now();

  @TempDir private Path folder;

  @Test
  void certificatesMakeTheSameUsers() throws Exception {
    TestCa ca = TestCa.root("identity-clients");
    ApiServer server = ApiServer.shared();
    server.trust(ca);
    HttpClient good = server.client(List.of(ca.issue(spec(), key)), key.getPrivate());
    Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> server.post(good, PATH, REVIEW).code() == 201);
    Authenticator ours =
        anonymousOtherwise(
            new X509Authenticator(
                new CaFiles(List.of(Files.writeString(folder.resolve("ca.crt"), ca.pem()))),
                (_, _) -> false,
                Clock.systemUTC()));

    Map<String, String> theirs = new LinkedHashMap<>();
    Map<String, String> found = new LinkedHashMap<>();
    for (var each : chains(ca).entrySet()) {
      HttpClient client = server.client(each.getValue(), key.getPrivate());
      theirs.put(each.getKey(), outcome(server.post(client, PATH, REVIEW)));
      found.put(each.getKey(), outcome(ours, each.getValue()));
    }

    assertThat(found).isEqualTo(theirs);
    assertThat(theirs.values()).as("some are refused").contains(REFUSED);
  }

  @Test
  void tokensMakeTheSameUsers() throws Exception {
    ApiServer server = ApiServer.shared();
    HttpClient administrator = server.administrator();
    server.post(
        administrator,
        "/api/v1/namespaces/default/serviceaccounts",
        "{\"metadata\":{\"name\":\"robot\"}}");
    String good = token(server, "{}");
    String foreign = token(server, "{\"audiences\":[\"somebody-else\"]}");
    Map<String, String> tokens = new LinkedHashMap<>();
    tokens.put("good", good);
    tokens.put("for another audience", foreign);
    tokens.put("signature cut off", good.substring(0, good.lastIndexOf('.') + 1));
    tokens.put("signature changed", good.substring(0, good.length() - 4) + "AAAA");
    tokens.put("algorithm none", unsigned(good));
    tokens.put("no token at all", "abc");
    HttpClient nobody = server.withoutCertificate();
    Authenticator ours =
        anonymousOtherwise(
            new BearerAuthenticator(
                List.of(new TokenReviewer(server.reviews(), List.of())),
                Clock.systemUTC(),
                Ticker.systemTicker()));

    Map<String, String> theirs = new LinkedHashMap<>();
    Map<String, String> found = new LinkedHashMap<>();
    for (var each : tokens.entrySet()) {
      String header = "Bearer " + each.getValue();
      theirs.put(
          each.getKey(), outcome(server.post(nobody, PATH, REVIEW, "Authorization", header)));
      found.put(each.getKey(), outcome(ours, List.of(), "authorization", header));
    }

    assertThat(found).isEqualTo(theirs);
    assertThat(theirs.get("good")).contains("system:serviceaccount:default:robot");
    assertThat(theirs.get("algorithm none")).isEqualTo(REFUSED);
  }

  private Map<String, List<X509Certificate>> chains(TestCa ca) {
    Map<String, List<X509Certificate>> chains = new LinkedHashMap<>();
    chains.put("good", List.of(ca.issue(spec(), key)));
    chains.put(
        "several groups",
        leaf(ca, name(BCStyle.O, "dev", BCStyle.O, "ops", BCStyle.CN, "alice", BCStyle.O, "x")));
    chains.put("groups in one part", leaf(ca, goName("alice", "dev", "b", "a-longer-one")));
    chains.put("two names", leaf(ca, name(BCStyle.CN, "first", BCStyle.CN, "second")));
    chains.put("a group twice", leaf(ca, name(BCStyle.CN, "a", BCStyle.O, "g", BCStyle.O, "g")));
    chains.put("no name", leaf(ca, name(BCStyle.O, "dev")));
    chains.put("empty name", leaf(ca, name(BCStyle.CN, "")));
    chains.put("other letters", leaf(ca, name(BCStyle.CN, "ünïcode \u4e2d", BCStyle.O, "a,b=c")));
    chains.put(
        "authenticated by itself",
        leaf(ca, name(BCStyle.CN, "a", BCStyle.O, "system:authenticated")));
    chains.put(
        "unauthenticated by itself",
        leaf(ca, name(BCStyle.CN, "a", BCStyle.O, "system:unauthenticated")));
    chains.put("named anonymous", leaf(ca, name(BCStyle.CN, "system:anonymous")));
    chains.put("a uid", leaf(ca, name(BCStyle.CN, "a", UID, "42")));
    chains.put("two uids", leaf(ca, name(BCStyle.CN, "a", UID, "1", UID, "2")));
    chains.put("an empty uid", leaf(ca, name(BCStyle.CN, "a", UID, "")));
    chains.put("huge", leaf(ca, huge()));
    chains.put("expired", List.of(ca.issue(spec().valid(ago(100), ago(50)), key)));
    chains.put("not yet valid", List.of(ca.issue(spec().valid(ago(-500), ago(-900)), key)));
    chains.put("of another authority", List.of(TestCa.root("others").issue(spec(), key)));
    chains.put(
        "of another authority of the same name",
        List.of(TestCa.root("identity-clients").issue(spec(), key)));
    chains.put("for servers", List.of(ca.issue(spec().usage(KeyPurposeId.id_kp_serverAuth), key)));
    chains.put(
        "for servers and clients",
        List.of(
            ca.issue(
                spec().usage(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth), key)));
    chains.put(
        "for anything", List.of(ca.issue(spec().usage(KeyPurposeId.anyExtendedKeyUsage), key)));
    chains.put("for nothing in particular", List.of(ca.issue(spec().usage(), key)));
    chains.put("with a critical extension", List.of(ca.issue(spec().critical("1.2.3.4"), key)));
    chains.putAll(chainsWithIntermediates(ca));
    return chains;
  }

  private Map<String, List<X509Certificate>> chainsWithIntermediates(TestCa ca) {
    TestCa one = ca.intermediate(caSpec("one"));
    TestCa two = one.intermediate(caSpec("two"));
    TestCa noCa = ca.intermediate(caSpec("no-ca").authority(false));
    TestCa servers = ca.intermediate(caSpec("servers").usage(KeyPurposeId.id_kp_serverAuth));
    TestCa expired = ca.intermediate(caSpec("expired").valid(ago(100), ago(50)));
    X509Certificate alice = two.issue(spec(), key);
    Map<String, List<X509Certificate>> chains = new LinkedHashMap<>();
    chains.put("two intermediates", List.of(alice, two.certificate, one.certificate));
    chains.put("in the other order", List.of(alice, one.certificate, two.certificate));
    chains.put("one missing", List.of(alice, two.certificate));
    chains.put(
        "with the root itself", List.of(alice, two.certificate, one.certificate, ca.certificate));
    chains.put("signed by a user", List.of(noCa.issue(spec(), key), noCa.certificate));
    chains.put(
        "below an authority of servers", List.of(servers.issue(spec(), key), servers.certificate));
    chains.put(
        "below an expired authority", List.of(expired.issue(spec(), key), expired.certificate));
    return chains;
  }

  private static org.bouncycastle.asn1.x500.X500Name huge() {
    List<Object> parts = new ArrayList<>(List.of(BCStyle.CN, "a".repeat(2_000)));
    IntStream.range(0, 500).forEach(i -> parts.addAll(List.of(BCStyle.O, "group-" + i)));
    return name(parts.toArray());
  }

  private List<X509Certificate> leaf(TestCa ca, org.bouncycastle.asn1.x500.X500Name name) {
    return List.of(ca.issue(spec().name(name), key));
  }

  private Spec spec() {
    return new Spec().valid(ago(3600), ago(-3600));
  }

  private Spec caSpec(String name) {
    return spec().name(name(BCStyle.CN, name)).authority(true);
  }

  private Instant ago(long seconds) {
    return now.minusSeconds(seconds);
  }

  private static String token(ApiServer server, String spec)
      throws IOException, InterruptedException {
    Answer answer =
        server.post(
            server.administrator(),
            "/api/v1/namespaces/default/serviceaccounts/robot/token",
            "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenRequest\",\"spec\":"
                + spec
                + "}");
    return answer.body().at("/status/token").asText();
  }

  private static String unsigned(String token) {
    String header =
        java.util.Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString("{\"alg\":\"none\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    return header + token.substring(token.indexOf('.'), token.lastIndexOf('.') + 1);
  }

  /** As kube-apiserver is by default: without credentials one is anonymous everywhere. */
  static Authenticator anonymousOtherwise(Authenticator authenticator) {
    return new AuthenticatorChain(List.of(authenticator), new AnonymousAccess(true, Set.of()));
  }

  static String outcome(Authenticator ours, List<X509Certificate> chain, String... headers) {
    try {
      UserInfo user =
          Objects.requireNonNull(
              ours.authenticate(
                  Requests.request(
                      Requests.headers(headers), chain.toArray(X509Certificate[]::new))));
      return user.groups().contains(UserInfo.AUTHENTICATED)
          ? text(user.name(), user.uid(), user.groups(), new TreeMap<>(user.extra()))
          : stranger(user.name());
    } catch (ApiException e) {
      return e.status().code() == 401 ? REFUSED : e.getMessage();
    }
  }

  static String outcome(Answer theirs) {
    return switch (theirs.code()) {
      case 201 -> {
        JsonNode user = theirs.body().at("/status/userInfo");
        Map<String, List<String>> extra = new TreeMap<>();
        user.path("extra")
            .properties()
            .forEach(each -> extra.put(each.getKey(), strings(each.getValue())));
        yield text(
            user.path("username").asText(),
            user.path("uid").asText(),
            strings(user.path("groups")),
            extra);
      }
      case 401 -> REFUSED;
      // who is not in system:authenticated may not even ask who it is
      case 403 -> {
        Matcher name = QUOTED.matcher(theirs.body().path("message").asText());
        yield name.find() ? stranger(name.group(1)) : theirs.toString();
      }
      default -> theirs.toString();
    };
  }

  private static String stranger(String name) {
    return "not authenticated: " + name;
  }

  private static String text(
      String name, String uid, List<String> groups, Map<String, List<String>> extra) {
    return name + " uid=" + uid + " groups=" + groups + " extra=" + extra;
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(each -> strings.add(each.asText()));
    return strings;
  }
}
