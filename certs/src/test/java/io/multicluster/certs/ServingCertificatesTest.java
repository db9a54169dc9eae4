package io.multicluster.certs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServingCertificatesTest {
  private static final List<String> HOSTS = List.of("localhost", "127.0.0.1", "::1");

  private final TestClock clock = new TestClock();

  @TempDir private Path folder;

  @Test
  void namesAndAddressesOfTheGatewayAreInTheCertificate() throws Exception {
    KeyedCertificate serving = ServingCertificates.selfSigned(folder, HOSTS, clock).current();

    assertThat(serving.certificate().getSubjectAlternativeNames())
        .extracting(name -> String.valueOf(name.get(1)))
        .containsExactly("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1");
    assertThat(serving.certificate().getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
  }

  @Test
  void aRestartKeepsTheCertificate() throws IOException {
    KeyedCertificate before = ServingCertificates.selfSigned(folder, HOSTS, clock).current();

    assertThat(ServingCertificates.selfSigned(folder, HOSTS, clock).current().chain())
        .isEqualTo(before.chain());
  }

  @Test
  void anotherNameMakesANewCertificateOfTheSameAuthority() throws IOException {
    ServingCertificates before = ServingCertificates.selfSigned(folder, HOSTS, clock);
    ServingCertificates after =
        ServingCertificates.selfSigned(folder, List.of("gateway.example"), clock);

    assertThat(after.current().chain()).isNotEqualTo(before.current().chain());
    assertThat(after.authorityPem()).isEqualTo(before.authorityPem());
  }

  @Test
  void itIsRenewedInTheLastThirdOfItsLife() throws IOException {
    ServingCertificates serving = ServingCertificates.selfSigned(folder, HOSTS, clock);
    KeyedCertificate first = serving.current();

    clock.advance(Duration.ofDays(240));
    serving.refresh();
    assertThat(serving.current()).isSameAs(first);

    clock.advance(Duration.ofDays(10));
    serving.refresh();
    assertThat(serving.current().certificate().getNotAfter().toInstant())
        .isAfter(clock.instant().plus(Duration.ofDays(364)));
  }

  @Test
  void aKeyThatACrashLeftWithoutItsCertificateIsMadeAnew() throws IOException {
    ServingCertificates.selfSigned(folder, HOSTS, clock);
    Path elsewhere = folder.resolve("elsewhere");
    ServingCertificates.selfSigned(elsewhere, HOSTS, clock);
    Files.copy(
        elsewhere.resolve("serving.key"),
        folder.resolve("serving.key"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);

    ServingCertificates serving = ServingCertificates.selfSigned(folder, HOSTS, clock);

    assertThat(
            KeyedCertificate.read(folder.resolve("serving.crt"), folder.resolve("serving.key"))
                .chain())
        .isEqualTo(serving.current().chain());
  }

  @Test
  void filesOfOthersAreReadAgainOnceTheyFitEachOther() throws IOException {
    Path certificate = folder.resolve("tls.crt");
    Path key = folder.resolve("tls.key");
    KeyedCertificate first =
        ServingCertificates.selfSigned(folder.resolve("one"), HOSTS, clock).current();
    KeyedCertificate second =
        ServingCertificates.selfSigned(folder.resolve("two"), HOSTS, clock).current();
    first.write(certificate, key);
    ServingCertificates serving = ServingCertificates.fromFiles(certificate, key);

    Files.writeString(certificate, second.chainPem());
    serving.refresh();
    assertThat(serving.current().chain())
        .as("the key is still the old one")
        .isEqualTo(first.chain());

    Files.writeString(key, second.keyPem());
    serving.refresh();
    assertThat(serving.current().chain()).isEqualTo(second.chain());
  }
}
