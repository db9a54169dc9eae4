package io.multicluster.certs;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/** The text form of certificates and keys. */
final class Pem {
  private static final Base64.Encoder BASE64 =
      Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));

  private Pem() {}

  static String certificates(List<X509Certificate> certificates) {
    StringBuilder out = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      try {
        out.append(block("CERTIFICATE", certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("a certificate was read but can't be written", e);
      }
    }
    return out.toString();
  }

  /**
   * EC keys in the form of SEC 1, with their curve and their public half, as Kubernetes' own tools
   * write them: some clients (fabric8) tell the kind of a key by that form, others (the official
   * Java client) take both halves from it. Other keys in PKCS#8.
   */
  static String key(PrivateKey key, PublicKey publicKey) {
    return key instanceof ECPrivateKey ec
        ? block("EC PRIVATE KEY", sec1(ec, publicKey))
        : block("PRIVATE KEY", key.getEncoded());
  }

  private static byte[] sec1(ECPrivateKey key, PublicKey publicKey) {
    try {
      return new org.bouncycastle.asn1.sec.ECPrivateKey(
              key.getParams().getOrder().bitLength(),
              key.getS(),
              SubjectPublicKeyInfo.getInstance(publicKey.getEncoded()).getPublicKeyData(),
              PrivateKeyInfo.getInstance(key.getEncoded()).getPrivateKeyAlgorithm().getParameters())
          .getEncoded();
    } catch (IOException e) {
      throw new IllegalStateException("a key was made but can't be written", e);
    }
  }

  private static String block(String type, byte[] der) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(type, BASE64.encodeToString(der), type);
  }

  /**
   * All certificates of a text, other blocks left out.
   *
   * @param origin for messages
   */
  static List<X509Certificate> readCertificates(Path origin, String text) {
    List<X509Certificate> found = new ArrayList<>();
    try (PEMParser parser = new PEMParser(new StringReader(text))) {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Object block = parser.readObject(); block != null; block = parser.readObject()) {
        if (block instanceof X509CertificateHolder holder) {
          found.add(
              (X509Certificate)
                  factory.generateCertificate(new ByteArrayInputStream(holder.getEncoded())));
        }
      }
    } catch (IOException | CertificateException e) {
      throw new IllegalArgumentException(
          origin + " has a PEM block that can't be read: " + e.getMessage(), e);
    }
    if (found.isEmpty()) {
      throw new IllegalArgumentException(origin + " has no PEM block CERTIFICATE");
    }
    return found;
  }

  /**
   * The first private key of a text.
   *
   * @param origin for messages, which never show what is in the file
   */
  static PrivateKey readKey(Path origin, String text) {
    try (PEMParser parser = new PEMParser(new StringReader(text))) {
      for (Object block = parser.readObject(); block != null; block = parser.readObject()) {
        switch (block) {
          case PEMKeyPair pair -> {
            return privateKey(pair.getPrivateKeyInfo());
          }
          case PrivateKeyInfo key -> {
            return privateKey(key);
          }
          default -> {
            // EC parameters before the key, certificates beside it
          }
        }
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(origin + " has a key that can't be read", e);
    }
    throw new IllegalArgumentException(origin + " has no private key that is not encrypted");
  }

  private static PrivateKey privateKey(PrivateKeyInfo key) throws IOException {
    return new JcaPEMKeyConverter().getPrivateKey(key);
  }
}
