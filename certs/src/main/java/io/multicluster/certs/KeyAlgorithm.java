package io.multicluster.certs;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;

/** The kinds of keys that can be made here. */
public enum KeyAlgorithm {
  /** Understood by every client, and the cheapest in handshakes. */
  ECDSA_P256("ecdsa-p256"),
  /** For clients and policies that ask for RSA. */
  RSA_3072("rsa-3072"),
  /** For authorities. Many TLS stacks don't take it as the key of a client. */
  ED25519("ed25519");

  private final String text;

  KeyAlgorithm(String text) {
    this.text = text;
  }

  /** A new key pair; an RSA one takes up to a second. */
  KeyPair generate() {
    try {
      return switch (this) {
        case ECDSA_P256 -> generate("EC", new ECGenParameterSpec("secp256r1"));
        case RSA_3072 ->
            generate("RSA", new RSAKeyGenParameterSpec(3072, RSAKeyGenParameterSpec.F4));
        case ED25519 -> generate("Ed25519", NamedParameterSpec.ED25519);
      };
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java platform makes no " + text + " keys", e);
    }
  }

  private static KeyPair generate(String generator, AlgorithmParameterSpec parameters)
      throws GeneralSecurityException {
    KeyPairGenerator keys = KeyPairGenerator.getInstance(generator);
    keys.initialize(parameters);
    return keys.generateKeyPair();
  }

  /** The signature that goes with a key of any origin, in Java's words. */
  static String signature(PrivateKey key) {
    return switch (key.getAlgorithm()) {
      case "EC", "ECDSA" -> "SHA256withECDSA";
      case "RSA" -> "SHA256withRSA";
      case "EdDSA", "Ed25519" -> "Ed25519";
      default ->
          throw new IllegalArgumentException(
              "keys of kind " + key.getAlgorithm() + " can't sign certificates here");
    };
  }

  /** As written on the command line and in configuration. */
  @Override
  public String toString() {
    return text;
  }
}
