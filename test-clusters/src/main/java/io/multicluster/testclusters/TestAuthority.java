package io.multicluster.testclusters;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A certificate authority whose key never leaves this JVM. What it issues is valid for a year: test
 * clusters may run for weeks, and nothing here is worth stealing longer. Thread-safe.
 */
public final class TestAuthority {
  private static final Duration LIFETIME = Duration.ofDays(365);

  /** Clocks of the parties may differ by this much. */
  private static final Duration SKEW = Duration.ofMinutes(5);

  private final X500Name name;
  private final KeyPair key;
  private final String certificate;

  /** Certificate and private key (PKCS #8) as PEM text. */
  public record Identity(String certificate, String key) {
    @Override
    public String toString() {
      return "Identity[" + certificate + "]";
    }
  }

  public TestAuthority(String commonName) {
    this.name = subject(commonName, List.of());
    this.key = newKey();
    this.certificate =
        issue(
            name,
            key,
            builder -> {
              builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
              builder.addExtension(
                  Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            });
  }

  /** The authority's own certificate, PEM. */
  public String certificate() {
    return certificate;
  }

  /** The authority's own certificate and key, for programs that sign by themselves. */
  Identity identity() {
    return new Identity(certificate, pem(key));
  }

  /**
   * A client certificate as Kubernetes reads it: the common name is the user, organizations are the
   * groups.
   */
  public Identity client(String user, String... groups) {
    KeyPair own = newKey();
    return new Identity(
        issue(subject(user, List.of(groups)), own, leaf(KeyPurposeId.id_kp_clientAuth)), pem(own));
  }

  /** A serving certificate for {@code 127.0.0.1} and {@code localhost}. */
  public Identity loopbackServer(String commonName) {
    KeyPair own = newKey();
    GeneralNames names =
        new GeneralNames(
            new GeneralName[] {
              new GeneralName(GeneralName.iPAddress, "127.0.0.1"),
              new GeneralName(GeneralName.dNSName, "localhost")
            });
    Extensions extensions =
        builder -> {
          leaf(KeyPurposeId.id_kp_serverAuth).addTo(builder);
          builder.addExtension(Extension.subjectAlternativeName, false, names);
        };
    return new Identity(issue(subject(commonName, List.of()), own, extensions), pem(own));
  }

  /**
   * A key pair that no certificate is about: private key (PKCS #8) and public key (PKIX), PEM, in
   * that order.
   */
  static List<String> signingKey() {
    KeyPair pair = newKey();
    return List.of(pem(pair), pemOf(pair.getPublic()));
  }

  @FunctionalInterface
  private interface Extensions {
    void addTo(JcaX509v3CertificateBuilder builder) throws IOException;
  }

  private static Extensions leaf(KeyPurposeId purpose) {
    return builder -> {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(
          Extension.keyUsage,
          true,
          new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment));
      builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
    };
  }

  private String issue(X500Name subject, KeyPair subjectKey, Extensions extensions) {
    Instant now = Instant.now();
    try {
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name,
              new BigInteger(127, new SecureRandom()).setBit(126),
              Date.from(now.minus(SKEW)),
              Date.from(now.plus(LIFETIME)),
              subject,
              subjectKey.getPublic());
      extensions.addTo(builder);
      X509CertificateHolder issued =
          builder.build(new JcaContentSignerBuilder("SHA256withRSA").build(key.getPrivate()));
      return pemOf(issued);
    } catch (IOException | OperatorCreationException e) {
      throw new IllegalStateException("can't issue a certificate for " + subject, e);
    }
  }

  private static X500Name subject(String commonName, List<String> organizations) {
    X500NameBuilder builder = new X500NameBuilder(BCStyle.INSTANCE);
    organizations.forEach(organization -> builder.addRDN(BCStyle.O, organization));
    return builder.addRDN(BCStyle.CN, commonName).build();
  }

  /** RSA, because it is what every client reads from a kubeconfig. */
  private static KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String pem(KeyPair pair) {
    try {
      return pemOf(new JcaPKCS8Generator(pair.getPrivate(), null));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String pemOf(Object object) {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(object);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return text.toString();
  }
}
