package io.multicluster.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PemKeyTest {
  @ParameterizedTest
  @ValueSource(ints = {1024, 2048})
  void pkcs1KeysOfAnySizeAreRead(int bits) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(bits);
    PrivateKey key = generator.generateKeyPair().getPrivate();
    byte[] pkcs1 =
        PrivateKeyInfo.getInstance(key.getEncoded())
            .parsePrivateKey()
            .toASN1Primitive()
            .getEncoded();

    assertThat(PemKey.parse(TestPki.pem("RSA PRIVATE KEY", pkcs1))).isEqualTo(key);
    assertThat(PemKey.parse(TestPki.pem("PRIVATE KEY", key.getEncoded()))).isEqualTo(key);
  }

  @ParameterizedTest
  @ValueSource(strings = {"secp256r1", "secp384r1", "secp521r1"})
  void sec1KeysAreReadAlsoBehindParameters(String curve) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    PrivateKey key = generator.generateKeyPair().getPrivate();
    PrivateKeyInfo info = PrivateKeyInfo.getInstance(key.getEncoded());
    assertThat(info.getPrivateKeyAlgorithm().getAlgorithm())
        .isEqualTo(X9ObjectIdentifiers.id_ecPublicKey);
    ECPrivateKey plain = ECPrivateKey.getInstance(info.parsePrivateKey());
    byte[] sec1 =
        new ECPrivateKey(
                plain.getKey().bitLength(),
                plain.getKey(),
                info.getPrivateKeyAlgorithm().getParameters())
            .getEncoded();

    String parameters = TestPki.pem("EC PARAMETERS", new byte[] {6, 0});
    PrivateKey read = PemKey.parse(parameters + TestPki.pem("EC PRIVATE KEY", sec1));
    assertThat(((java.security.interfaces.ECPrivateKey) read).getS())
        .isEqualTo(((java.security.interfaces.ECPrivateKey) key).getS());
  }

  @Test
  void ed25519KeysAreRead() throws Exception {
    PrivateKey key = KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate();
    assertThat(PemKey.parse(TestPki.pem("PRIVATE KEY", key.getEncoded()))).isEqualTo(key);
  }

  @Test
  void whatIsNoUsableKeyIsSaidWithoutShowingIt() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PemKey.parse("s3cret"))
        .withMessage("the client key is not a PEM private key");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PemKey.parse(TestPki.pem("ENCRYPTED PRIVATE KEY", new byte[20])))
        .withMessage("the client key is encrypted");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PemKey.parse(TestPki.pem("EC PRIVATE KEY", new byte[] {48, 3, 2, 1})))
        .withMessage("the client key can't be read");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PemKey.parse(TestPki.pem("PRIVATE KEY", new byte[] {1, 2, 3})))
        .withMessage("the client key can't be read");
  }
}
