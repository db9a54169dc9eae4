package io.multicluster.certs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.util.io.pem.PemObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CertificateAuthorityTest {
  private static final Duration YEAR = Duration.ofDays(365);

  private final TestClock clock = new TestClock();

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void authoritiesOfEachKindSignUsersOfEachKind(KeyAlgorithm kind) throws Exception {
    CertificateAuthority ca = CertificateAuthority.create("clients", kind, YEAR, clock);
    for (KeyAlgorithm userKind : KeyAlgorithm.values()) {
      X509Certificate certificate = sign(ca, "alice", List.of("dev"), userKind, YEAR);

      PKIXParameters parameters =
          new PKIXParameters(Set.of(new TrustAnchor(ca.certificate(), null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(clock.instant()));
      CertPathValidator.getInstance("PKIX")
          .validate(
              CertificateFactory.getInstance("X.509").generateCertPath(List.of(certificate)),
              parameters);
    }
  }

  @Test
  void groupsKeepTheirOrderAndTheNameComesLast() {
    X509Certificate certificate =
        sign(
            CertificateAuthority.create("clients", KeyAlgorithm.ECDSA_P256, YEAR, clock),
            "system:node:a,b=c",
            List.of("z", "a b", "übung"),
            KeyAlgorithm.ECDSA_P256,
            YEAR);

    assertThat(certificate.getSubjectX500Principal().toString())
        .isEqualTo("CN=\"system:node:a,b=c\", O=übung, O=a b, O=z");
  }

  @Test
  void userCertificatesAreForClientsOnly() throws Exception {
    X509Certificate certificate =
        sign(
            CertificateAuthority.create("clients", KeyAlgorithm.ECDSA_P256, YEAR, clock),
            "alice",
            List.of(),
            KeyAlgorithm.ECDSA_P256,
            YEAR);

    assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
    assertThat(certificate.getBasicConstraints()).as("no authority").isEqualTo(-1);
    assertThat(certificate.getSerialNumber().bitLength()).isEqualTo(159);
  }

  @Test
  void nothingOutlivesItsAuthority() {
    CertificateAuthority ca =
        CertificateAuthority.create("clients", KeyAlgorithm.ECDSA_P256, YEAR, clock);
    clock.advance(Duration.ofDays(300));

    X509Certificate certificate = sign(ca, "alice", List.of(), KeyAlgorithm.ECDSA_P256, YEAR);

    assertThat(certificate.getNotAfter()).isEqualTo(ca.certificate().getNotAfter());
  }

  @Test
  void anAuthorityIsReadBackFromItsFiles() throws IOException {
    CertificateAuthority ca =
        CertificateAuthority.create("clients", KeyAlgorithm.ED25519, YEAR, clock);
    Path certificate = folder.resolve("new/ca.crt");
    Path key = folder.resolve("new/ca.key");
    ca.keyedCertificate().write(certificate, key);

    assertThat(
            new CertificateAuthority(KeyedCertificate.read(certificate, key), clock).certificate())
        .isEqualTo(ca.certificate());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
        .isEqualTo("rw-------");
  }

  /** As openssl writes keys: SEC1 for EC, PKCS#1 for RSA. */
  @ParameterizedTest
  @EnumSource(names = {"ECDSA_P256", "RSA_3072"})
  void keysInTheOlderFormsAreImported(KeyAlgorithm kind) throws IOException {
    CertificateAuthority ca = CertificateAuthority.create("clients", kind, YEAR, clock);
    Path certificate = folder.resolve("ca.crt");
    Path key = folder.resolve("ca.key");
    ca.keyedCertificate().write(certificate, key);
    StringWriter older = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(older)) {
      if (ca.keyedCertificate().key() instanceof ECPrivateKey ec) {
        writer.writeObject(
            new PemObject(
                "EC PRIVATE KEY",
                new org.bouncycastle.asn1.sec.ECPrivateKey(
                        256, ec.getS(), SECObjectIdentifiers.secp256r1)
                    .getEncoded()));
      } else {
        writer.writeObject(ca.keyedCertificate().key());
      }
    }
    assertThat(older.toString()).containsPattern("BEGIN (EC|RSA) PRIVATE KEY");
    Files.writeString(key, older.toString());

    assertThat(KeyedCertificate.read(certificate, key).certificate()).isEqualTo(ca.certificate());
  }

  @Test
  void aKeyOfAnotherCertificateIsRefusedAndTheFilesAreNamed() throws IOException {
    Path certificate = folder.resolve("ca.crt");
    Path key = folder.resolve("ca.key");
    CertificateAuthority.create("one", KeyAlgorithm.ECDSA_P256, YEAR, clock)
        .keyedCertificate()
        .write(certificate, folder.resolve("other.key"));
    CertificateAuthority.create("two", KeyAlgorithm.ECDSA_P256, YEAR, clock)
        .keyedCertificate()
        .write(folder.resolve("other.crt"), key);

    assertThatThrownBy(() -> KeyedCertificate.read(certificate, key))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ca.key is not that of the certificate in")
        .hasMessageContaining("ca.crt");
  }

  @Test
  void unreadableKeysAreNamedWithoutTheirContent() throws IOException {
    Path key = folder.resolve("ca.key");
    Files.writeString(
        key, "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n");
    Path certificate = folder.resolve("ca.crt");
    CertificateAuthority.create("one", KeyAlgorithm.ECDSA_P256, YEAR, clock)
        .keyedCertificate()
        .write(certificate, folder.resolve("other.key"));

    assertThatThrownBy(() -> KeyedCertificate.read(certificate, key))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ca.key")
        .hasMessageNotContaining("c2VjcmV0")
        .hasMessageNotContaining("secret");
  }

  @Test
  void usersCertificatesAndExpiredOnesAreNoAuthorities() {
    CertificateAuthority ca =
        CertificateAuthority.create("clients", KeyAlgorithm.ECDSA_P256, YEAR, clock);
    KeyPair keys = KeyAlgorithm.ECDSA_P256.generate();
    X509Certificate alice =
        ca.signClient(
            "alice", List.of(), keys.getPublic(), clock.instant(), clock.instant().plus(YEAR));

    assertThatThrownBy(() ->
            new CertificateAuthority(
                new KeyedCertificate(List.of(alice), keys.getPrivate()), clock))
        .hasMessageContaining("is not the certificate of an authority");
    assertThatThrownBy(() ->
            new CertificateAuthority(
                ca.keyedCertificate(), Clock.offset(clock, Duration.ofDays(366))))
        .hasMessageContaining("has expired");
  }

  private X509Certificate sign(
      CertificateAuthority ca,
      String user,
      List<String> groups,
      KeyAlgorithm kind,
      Duration lifetime) {
    Instant now = clock.instant();
    return ca.signClient(user, groups, kind.generate().getPublic(), now, now.plus(lifetime));
  }
}
