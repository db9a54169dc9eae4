package io.multicluster.certs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.status.ApiException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClientCertificatesTest {
  private static final Duration MONTH = Duration.ofDays(30);

  private final TestClock clock = new TestClock();
  private final CertificateAuthority ca =
      CertificateAuthority.create("clients", KeyAlgorithm.ECDSA_P256, Duration.ofDays(3650), clock);
  private final Revocations revocations = new Revocations();

  @TempDir private Path folder;
  private FileInventory inventory = new FileInventory(Path.of("unused"));
  private ClientCertificates certificates = new ClientCertificates(ca, inventory, clock);

  @BeforeEach
  void keepTheInventoryInAFolder() {
    inventory = new FileInventory(folder.resolve("certs"));
    certificates = new ClientCertificates(ca, inventory, clock);
  }

  @Test
  void whatIsIssuedIsInTheInventoryAlsoAfterARestart() throws IOException {
    X509Certificate alice = issue("alice", "dev", "ops");
    issue("bob");

    Inventory.Contents contents = new FileInventory(folder.resolve("certs")).contents();

    assertThat(contents.certificates()).extracting("user").containsExactly("alice", "bob");
    IssuedCertificate entry = contents.of("alice").getFirst();
    assertThat(entry.groups()).containsExactly("dev", "ops");
    assertThat(entry.serial()).isEqualTo(alice.getSerialNumber());
    assertThat(entry.notAfter()).isEqualTo(alice.getNotAfter().toInstant());
    assertThat(contents.revoked(entry)).isFalse();
  }

  @Test
  void theInventoryIsReadableByItsOwnerOnly() throws IOException {
    issue("alice");

    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(folder.resolve("certs/inventory.json"))))
        .isEqualTo("rw-------");
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("certs"))))
        .isEqualTo("rwx------");
  }

  @Test
  void oneRevokedCertificateLeavesTheUsersOthersAlone() throws IOException {
    X509Certificate laptop = issue("alice");
    X509Certificate desktop = issue("alice");

    certificates.revoke(entry(laptop.getSerialNumber()));
    revocations.update(inventory.contents());

    assertThat(revocations.includes(laptop, "alice")).isTrue();
    assertThat(revocations.includes(desktop, "alice")).isFalse();
    assertThat(inventory.contents().revoked(entry(laptop.getSerialNumber()))).isTrue();
  }

  @Test
  void aRevokedUserLosesAllCertificatesAndCanGetNewOnesAtOnce() throws IOException {
    X509Certificate first = issue("alice");
    X509Certificate second = issue("alice");
    X509Certificate bob = issue("bob");

    certificates.revokeUser("alice");
    X509Certificate again = issue("alice");
    revocations.update(inventory.contents());

    assertThat(revocations.includes(first, "alice")).isTrue();
    assertThat(revocations.includes(second, "alice")).isTrue();
    assertThat(revocations.includes(again, "alice")).isFalse();
    assertThat(revocations.includes(bob, "bob")).isFalse();
    assertThat(inventory.contents().of("alice"))
        .extracting(each -> inventory.contents().revoked(each))
        .containsExactly(true, true, false);
  }

  @Test
  void certificatesThatAreNotInTheInventoryAreRevokedWithTheirUser() throws IOException {
    X509Certificate elsewhere =
        ca.signClient(
            "alice",
            List.of(),
            KeyAlgorithm.ECDSA_P256.generate().getPublic(),
            clock.instant(),
            clock.instant().plus(MONTH));

    certificates.revokeUser("alice");
    revocations.update(inventory.contents());

    assertThat(revocations.includes(elsewhere, "alice")).isTrue();
  }

  @Test
  void theSameSerialNumberOfAnotherAuthorityIsNotRevoked() throws IOException {
    X509Certificate alice = issue("alice");
    IssuedCertificate theirs =
        new IssuedCertificate(
            alice.getSerialNumber(),
            "CN=others",
            "",
            "alice",
            List.of(),
            clock.instant(),
            clock.instant(),
            clock.instant());
    inventory.add(theirs);

    revocations.update(inventory.contents());

    assertThat(revocations.includes(alice, "alice")).isFalse();
  }

  @Test
  void nothingIsJudgedBeforeTheInventoryWasRead() throws IOException {
    X509Certificate alice = issue("alice");

    assertThat(revocations.synced()).isFalse();
    assertThatThrownBy(() -> revocations.includes(alice, "alice"))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(503));
  }

  @Test
  void listenersHearOfChangesOnly() throws IOException {
    AtomicInteger heard = new AtomicInteger();
    X509Certificate alice = issue("alice");
    revocations.update(inventory.contents());
    revocations.onChange(heard::incrementAndGet);

    revocations.update(inventory.contents());
    issue("bob");
    revocations.update(inventory.contents());
    assertThat(heard).as("nothing was revoked").hasValue(0);

    certificates.revoke(entry(alice.getSerialNumber()));
    revocations.update(inventory.contents());
    assertThat(heard).hasValue(1);
  }

  @Test
  void writersOfSeveralProcessesLoseNothing() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> all = new java.util.ArrayList<>();
      for (int i = 0; i < 4; i++) {
        String user = "user-" + i;
        all.add(
            threads.submit(() -> {
              for (int n = 0; n < 5; n++) {
                issue(user);
              }
              return user;
            }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }

    Set<BigInteger> serials = new HashSet<>();
    inventory.contents().certificates().forEach(each -> serials.add(each.serial()));
    assertThat(serials).hasSize(20);
  }

  @Test
  void namesThatCantBeAreRefused() {
    for (String name : List.of("", "a\nb", "a\u0000b")) {
      assertThatThrownBy(() -> issue(name)).hasMessageContaining("is no name for a user");
      assertThatThrownBy(() -> issue("alice", name)).hasMessageContaining("no name for a group");
    }
    assertThatThrownBy(
            () -> certificates.issue("a", List.of(), Duration.ZERO, KeyAlgorithm.ECDSA_P256))
        .hasMessageContaining("is not positive");
  }

  @Test
  void aBrokenInventoryIsNamedAndNotOverwritten() throws IOException {
    Files.createDirectories(folder.resolve("certs"));
    Path file = Files.writeString(folder.resolve("certs/inventory.json"), "{\"certificates\": 1}");

    assertThatThrownBy(() -> issue("alice"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("inventory.json is not an inventory of certificates");
    assertThat(file).hasContent("{\"certificates\": 1}");
  }

  private X509Certificate issue(String user, String... groups) throws IOException {
    return certificates.issue(user, List.of(groups), MONTH, KeyAlgorithm.ECDSA_P256).certificate();
  }

  private IssuedCertificate entry(BigInteger serial) throws IOException {
    return Objects.requireNonNull(inventory.contents().find(serial));
  }
}
