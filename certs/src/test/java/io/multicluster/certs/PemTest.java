package io.multicluster.certs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.nio.file.Path;
import java.security.KeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.junit.jupiter.api.Test;
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
    KeyPair pair = algorithm.generate();

    String pem = Pem.key(pair.getPrivate(), pair.getPublic());

    assertThat(pem).startsWith(firstLine);
    assertThat(Pem.readKey(Path.of("test"), pem).getEncoded()).isNotNull();
    assertThat(Pem.key(Pem.readKey(Path.of("test"), pem), pair.getPublic())).isEqualTo(pem);
  }

  /** The official Java client makes a key pair of what a kubeconfig has. */
  @Test
  void writesBothHalvesOfAnEcKey() throws Exception {
    KeyPair pair = KeyAlgorithm.ECDSA_P256.generate();

    try (PEMParser parser =
        new PEMParser(new StringReader(Pem.key(pair.getPrivate(), pair.getPublic())))) {
      KeyPair read = new JcaPEMKeyConverter().getKeyPair((PEMKeyPair) parser.readObject());
      assertThat(read.getPublic().getEncoded()).isEqualTo(pair.getPublic().getEncoded());
    }
  }
}
