package io.multicluster.authn.x509;

import static io.multicluster.authn.x509.TestCa.NOW;
import static io.multicluster.authn.x509.TestCa.goName;
import static io.multicluster.authn.x509.TestCa.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.multicluster.authn.AuthenticationRequest;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class X509AuthenticatorTest {
  private static final ASN1ObjectIdentifier UID = new ASN1ObjectIdentifier(Subject.UID_OID_TEXT);

  private final TestCa ca = TestCa.root("clients");
  private final SettableClock clock = new SettableClock();
  private final Set<X509Certificate> revoked = new HashSet<>();

  @TempDir private Path folder;
  private CaFiles files = new CaFiles(List.of());
  private X509Authenticator authenticator = new X509Authenticator(files, (_, _) -> false, clock);

  @BeforeEach
  void trustTheCa() throws IOException {
    Path file = Files.writeString(folder.resolve("ca.crt"), ca.pem());
    files = new CaFiles(List.of(file));
    authenticator = new X509Authenticator(files, (leaf, _) -> revoked.contains(leaf), clock);
  }

  @Test
  void theNameIsTheCommonNameAndEveryOrganizationAGroup() {
    UserInfo user =
        accepted(
            ca.issue(
                spec()
                    .name(
                        name(
                            BCStyle.O,
                            "dev",
                            BCStyle.C,
                            "DE",
                            BCStyle.CN,
                            "first",
                            BCStyle.O,
                            "ops",
                            BCStyle.CN,
                            "alice"))));

    assertThat(user.name()).as("the last CN, as Go reads it").isEqualTo("alice");
    assertThat(user.groups()).containsExactly("dev", "ops", "system:authenticated");
    assertThat(user.uid()).isEmpty();
  }

  @Test
  void organizationsInOnePartOfTheNameAreReadAsGoWritesThem() {
    UserInfo user = accepted(ca.issue(spec().name(goName("alice", "dev", "b", "a-longer-one"))));

    assertThat(user.groups())
        .as("DER sorts the values of a set: shorter first")
        .containsExactly("b", "dev", "a-longer-one", "system:authenticated");
  }

  @Test
  void theCredentialIsNamedByItsFingerprint() {
    UserInfo user = accepted(ca.issue(spec()));

    assertThat(user.extra()).containsOnlyKeys(X509Authenticator.CREDENTIAL_ID);
    assertThat(user.extra().get(X509Authenticator.CREDENTIAL_ID))
        .singleElement()
        .asString()
        .matches("X509SHA256=[0-9a-f]{64}");
  }

  @Test
  void theUidIsReadFromItsAttribute() {
    assertThat(accepted(ca.issue(spec().name(name(BCStyle.CN, "alice", UID, "42")))).uid())
        .isEqualTo("42");
  }

  @Test
  void severalOrEmptyUidsAreRefused() {
    refused(ca.issue(spec().name(name(BCStyle.CN, "alice", UID, "1", UID, "2"))));
    refused(ca.issue(spec().name(name(BCStyle.CN, "alice", UID, ""))));
  }

  @Test
  void noCertificateIsNoOpinion() {
    assertThat(authenticate()).isNull();
  }

  @Test
  void aGoodCertificateWithoutCommonNameIsNoCredential() {
    assertThat(authenticate(ca.issue(spec().name(name(BCStyle.O, "dev"))))).isNull();
  }

  @Test
  void expiredAndNotYetValidCertificatesAreRefused() {
    refused(ca.issue(spec().valid(NOW.minusSeconds(20), NOW.minusSeconds(10))));
    refused(ca.issue(spec().valid(NOW.plusSeconds(10), NOW.plusSeconds(20))));
  }

  @Test
  void aCertificateThatExpiresIsRefusedThoughItWasKnown() {
    X509Certificate alice = ca.issue(spec().valid(NOW.minusSeconds(10), NOW.plusSeconds(10)));
    assertThat(accepted(alice).name()).isEqualTo("alice");

    clock.now = NOW.plusSeconds(11);

    refused(alice);
  }

  @Test
  void anotherCaIsRefusedEvenIfItHasTheSameName() {
    refused(TestCa.root("others").issue(spec()));
    refused(TestCa.root("clients").issue(spec()));
  }

  @Test
  void usagesOtherThanClientAuthenticationAreRefused() {
    refused(ca.issue(spec().usage(KeyPurposeId.id_kp_serverAuth)));
    assertThat(accepted(ca.issue(spec().usage(KeyPurposeId.anyExtendedKeyUsage))).name())
        .isEqualTo("alice");
    assertThat(accepted(ca.issue(spec().usage())).name())
        .as("no usage stated: any")
        .isEqualTo("alice");
  }

  @Test
  void unknownCriticalExtensionsAreRefused() {
    refused(ca.issue(spec().critical("1.2.3.4.5")));
  }

  @Test
  void intermediatesAreFollowedInAnyOrder() {
    TestCa one = ca.intermediate(caSpec("one"));
    TestCa two = one.intermediate(caSpec("two"));
    X509Certificate alice = two.issue(spec());

    assertThat(accepted(alice, two.certificate, one.certificate).name()).isEqualTo("alice");
    assertThat(accepted(alice, one.certificate, two.certificate).name()).isEqualTo("alice");
    refused(alice, two.certificate);
  }

  @Test
  void wrongIntermediatesAreRefused() {
    TestCa noCa = ca.intermediate(caSpec("one").authority(false));
    refused(noCa.issue(spec()), noCa.certificate);

    TestCa servers = ca.intermediate(caSpec("two").usage(KeyPurposeId.id_kp_serverAuth));
    refused(servers.issue(spec()), servers.certificate);

    TestCa expired =
        ca.intermediate(caSpec("three").valid(NOW.minusSeconds(9), NOW.minusSeconds(8)));
    refused(expired.issue(spec()), expired.certificate);
  }

  /** Twenty authorities, each signed by all others: millions of paths, none of which is trusted. */
  @Test
  void theSearchForAPathIsBounded() {
    List<TestCa> strangers =
        IntStream.range(0, 20).mapToObj(i -> TestCa.root("stranger-" + i)).toList();
    List<X509Certificate> chain = new ArrayList<>();
    chain.add(strangers.getFirst().issue(spec()));
    for (TestCa issuer : strangers) {
      strangers.stream()
          .filter(other -> other != issuer)
          .forEach(other -> chain.add(issuer.crossSign(other)));
    }

    assertTimeoutPreemptively(
        Duration.ofSeconds(60), () -> refused(chain.toArray(X509Certificate[]::new)));
  }

  @Test
  void aChainEndsWithItsFirstCertificateToExpire() {
    TestCa brief = ca.intermediate(caSpec("brief").valid(NOW.minusSeconds(5), NOW.plusSeconds(5)));
    X509Certificate alice = brief.issue(spec());
    assertThat(accepted(alice, brief.certificate).name()).isEqualTo("alice");

    clock.now = NOW.plusSeconds(6);

    refused(alice, brief.certificate);
  }

  @Test
  void hugeSubjectsAreRead() {
    List<Object> parts = new ArrayList<>(List.of(BCStyle.CN, "a".repeat(60_000)));
    IntStream.range(0, 3000).forEach(i -> parts.addAll(List.of(BCStyle.O, "group-" + i)));

    UserInfo user = accepted(ca.issue(spec().name(name(parts.toArray()))));

    assertThat(user.name()).hasSize(60_000);
    assertThat(user.groups()).hasSize(3001);
  }

  @Test
  void aRevokedCertificateIsRefusedThoughItWasKnown() {
    X509Certificate alice = ca.issue(spec());
    assertThat(accepted(alice).name()).isEqualTo("alice");

    revoked.add(alice);

    refused(alice);
  }

  @Test
  void authoritiesAreReadAgain() throws IOException {
    TestCa next = TestCa.root("next");
    X509Certificate old = ca.issue(spec());
    X509Certificate alice = next.issue(spec());
    accepted(old);
    refused(alice);

    Files.writeString(folder.resolve("ca.crt"), "# rotated\n" + next.pem());
    files.reload();

    assertThat(accepted(alice).name()).isEqualTo("alice");
    refused(old);
  }

  @Test
  void brokenFilesLeaveTheLastAuthoritiesInForce() throws IOException {
    Files.writeString(folder.resolve("ca.crt"), "half a fi");
    files.reload();
    assertThat(accepted(ca.issue(spec())).name()).isEqualTo("alice");

    Files.delete(folder.resolve("ca.crt"));
    files.reload();
    assertThat(accepted(ca.issue(spec())).name()).isEqualTo("alice");
  }

  @Test
  void severalFilesAreTrustedTogether() throws IOException {
    TestCa second = TestCa.root("second");
    Path file = Files.writeString(folder.resolve("second.crt"), second.pem());
    authenticator =
        new X509Authenticator(
            new CaFiles(List.of(folder.resolve("ca.crt"), file)),
            (leaf, _) -> revoked.contains(leaf),
            clock);

    accepted(ca.issue(spec()));
    accepted(second.issue(spec()));
  }

  @Test
  void aMissingFileIsNamedAtTheStart() {
    assertThatThrownBy(() -> new CaFiles(List.of(folder.resolve("none.crt"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith("none.crt does not exist");
  }

  private UserInfo accepted(X509Certificate... chain) {
    UserInfo user = Objects.requireNonNull(authenticate(chain), "nobody was authenticated");
    assertThat(authenticate(chain)).as("the remembered verdict").isEqualTo(user);
    return user;
  }

  private void refused(X509Certificate... chain) {
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> authenticate(chain))
          .isInstanceOfSatisfying(
              ApiException.class, e -> assertThat(e.status().code()).isEqualTo(401));
    }
  }

  private @Nullable UserInfo authenticate(X509Certificate... chain) {
    return authenticator.authenticate(
        new AuthenticationRequest(
            new DefaultHttp2Headers(), List.of(chain), new InetSocketAddress(0), "/"));
  }

  private static TestCa.Spec spec() {
    return new TestCa.Spec();
  }

  private static TestCa.Spec caSpec(String name) {
    return new TestCa.Spec().name(name(BCStyle.CN, name)).authority(true);
  }

  private static final class SettableClock extends Clock {
    private Instant now = NOW;

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
