package io.multicluster.authn.x509;

import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** Makes certificates of every sort, right and wrong ones. */
public final class TestCa {
  private static final SecureRandom RANDOM = new SecureRandom();

  /** One for all tests of a JVM; not a fixed hour, because real API servers look at their clock. */
  @SuppressWarnings("TimeInStaticInitializer")
  public static final Instant NOW = Instant.now().truncatedTo(ChronoUnit.SECONDS);

  public final X509Certificate certificate;
  private final KeyPair keys;

  private TestCa(X509Certificate certificate, KeyPair keys) {
    this.certificate = certificate;
    this.keys = keys;
  }

  public static TestCa root(String name) {
    KeyPair keys = keys();
    Spec spec = new Spec().name(TestCa.name(BCStyle.CN, name)).authority(true).usage();
    return new TestCa(sign(spec, spec.name, keys, keys), keys);
  }

  public TestCa intermediate(Spec spec) {
    KeyPair own = keys();
    return new TestCa(sign(spec, subject(), own, keys), own);
  }

  /** A certificate for another authority's name and key. */
  public X509Certificate crossSign(TestCa other) {
    return sign(
        new Spec().name(other.subject()).authority(true).usage(), subject(), other.keys, keys);
  }

  public X509Certificate issue(Spec spec) {
    return issue(spec, keys());
  }

  /** A certificate for a key that the caller needs later. */
  public X509Certificate issue(Spec spec, KeyPair subject) {
    return sign(spec, subject(), subject, keys);
  }

  /** The subject's DER is kept as it stands. */
  private X500Name subject() {
    return X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
  }

  public String pem() {
    return pem(certificate);
  }

  public static String pem(X509Certificate certificate) {
    try {
      StringWriter out = new StringWriter();
      out.write("-----BEGIN CERTIFICATE-----\n");
      out.write(
          Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded()));
      out.write("\n-----END CERTIFICATE-----\n");
      return out.toString();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A name of parts: type, value, type, value. */
  public static X500Name name(Object... typesAndValues) {
    X500NameBuilder builder = new X500NameBuilder();
    for (int i = 0; i < typesAndValues.length; i += 2) {
      builder.addRDN(
          (ASN1ObjectIdentifier) typesAndValues[i],
          new DERUTF8String((String) typesAndValues[i + 1]));
    }
    return builder.build();
  }

  /** One name whose organizations stand in one multi-valued part, as Go writes them. */
  public static X500Name goName(String commonName, String... organizations) {
    X500NameBuilder builder = new X500NameBuilder();
    AttributeTypeAndValue[] parts = new AttributeTypeAndValue[organizations.length];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = new AttributeTypeAndValue(BCStyle.O, new DERUTF8String(organizations[i]));
    }
    builder.addMultiValuedRDN(parts);
    builder.addRDN(BCStyle.CN, new DERUTF8String(commonName));
    return builder.build();
  }

  public static KeyPair keys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static X509Certificate sign(Spec spec, X500Name issuer, KeyPair subject, KeyPair signer) {
    try {
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              new BigInteger(120, RANDOM),
              Date.from(spec.notBefore),
              Date.from(spec.notAfter),
              spec.name,
              subject.getPublic());
      spec.extend(builder);
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate())));
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a certificate is to say; a good client's unless told otherwise. */
  public static final class Spec {
    private X500Name name = TestCa.name(BCStyle.CN, "alice");
    private Instant notBefore = NOW.minusSeconds(3600);
    private Instant notAfter = NOW.plusSeconds(3600);
    private KeyPurposeId[] usages = {KeyPurposeId.id_kp_clientAuth};
    private boolean authority;
    private @Nullable ASN1ObjectIdentifier criticalExtension;

    public Spec name(X500Name value) {
      name = value;
      return this;
    }

    public Spec valid(Instant from, Instant to) {
      notBefore = from;
      notAfter = to;
      return this;
    }

    public Spec usage(KeyPurposeId... values) {
      usages = values;
      return this;
    }

    public Spec authority(boolean value) {
      authority = value;
      return this;
    }

    public Spec critical(String extension) {
      criticalExtension = new ASN1ObjectIdentifier(extension);
      return this;
    }

    private void extend(X509v3CertificateBuilder builder) throws CertIOException {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
      if (usages.length > 0) {
        builder.addExtension(Extension.extendedKeyUsage, true, new ExtendedKeyUsage(usages));
      }
      if (criticalExtension != null) {
        builder.addExtension(criticalExtension, true, new DERUTF8String("?"));
      }
    }
  }
}
