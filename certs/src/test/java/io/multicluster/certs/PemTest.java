package io.multicluster.certs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.security.PrivateKey;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PemTest {
  @ParameterizedTest
  @CsvSource({
    "ECDSA_P256,-----BEGIN EC PRIVATE KEY-----",
    "RSA_3072,-----BEGIN PRIVATE KEY-----",
    "ED25519,-----BEGIN PRIVATE KEY-----"
  })
  void writesKeysInTheFormThatTellsTheirKindAndReadsThemBack(
      KeyAlgorithm algorithm, String firstLine) {
    PrivateKey key = algorithm.generate().getPrivate();

    String pem = Pem.key(key);

    assertThat(pem).startsWith(firstLine);
    assertThat(Pem.readKey(Path.of("test"), pem).getEncoded()).isNotNull();
    assertThat(Pem.key(Pem.readKey(Path.of("test"), pem))).isEqualTo(pem);
  }
}
