package io.multicluster.certs;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.DERUTF8String;
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
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.IPAddress;
import org.jspecify.annotations.Nullable;

/**
 * Signs certificates. Safe for use by any thread.
 *
 * <p>What it signs never outlives it: a certificate's end is cut to the authority's own.
 */
public final class CertificateAuthority {
  /** Clocks of clients and servers differ: certificates are valid a little before they are made. */
  static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  private static final SecureRandom RANDOM = new SecureRandom();

  private final KeyedCertificate own;
  private final Clock clock;

  /**
   * An authority that exists, ours or a company's.
   *
   * @throws IllegalArgumentException if the certificate is not one of an authority, or has expired
   */
  public CertificateAuthority(KeyedCertificate own, Clock clock) {
    X509Certificate certificate = own.certificate();
    if (certificate.getBasicConstraints() < 0) {
      throw new IllegalArgumentException(
          certificate.getSubjectX500Principal() + " is not the certificate of an authority");
    }
    boolean[] usage = certificate.getKeyUsage();
    if (usage != null && !usage[5]) {
      throw new IllegalArgumentException(
          certificate.getSubjectX500Principal() + " may not sign certificates");
    }
    if (certificate.getNotAfter().toInstant().isBefore(clock.instant())) {
      throw new IllegalArgumentException(
          certificate.getSubjectX500Principal()
              + " has expired at "
              + certificate.getNotAfter().toInstant());
    }
    this.own = own;
    this.clock = clock;
  }

  /** Makes a new authority that signs itself. */
  public static CertificateAuthority create(
      String commonName, KeyAlgorithm algorithm, Duration lifetime, Clock clock) {
    KeyPair keys = algorithm.generate();
    Instant now = clock.instant();
    X500Name name = new X500NameBuilder().addRDN(BCStyle.CN, new DERUTF8String(commonName)).build();
    Template template =
        new Template(name, now.minus(CLOCK_SKEW), now.plus(lifetime), keys.getPublic());
    try {
      X509v3CertificateBuilder builder = template.builder(name);
      JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      builder.addExtension(
          Extension.keyUsage,
          true,
          new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign | KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.subjectKeyIdentifier, false, ids.createSubjectKeyIdentifier(keys.getPublic()));
      X509Certificate certificate =
          new JcaX509CertificateConverter()
              .getCertificate(
                  builder.build(
                      new JcaContentSignerBuilder(KeyAlgorithm.signature(keys.getPrivate()))
                          .build(keys.getPrivate())));
      return new CertificateAuthority(
          new KeyedCertificate(List.of(certificate), keys.getPrivate()), clock);
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new IllegalStateException("the authority " + commonName + " can't be made", e);
    }
  }

  public X509Certificate certificate() {
    return own.certificate();
  }

  public KeyedCertificate keyedCertificate() {
    return own;
  }

  /**
   * A certificate with which its holder is {@code user} in {@code groups}.
   *
   * @param notBefore the start of its life
   */
  X509Certificate signClient(
      String user, Collection<String> groups, PublicKey key, Instant notBefore, Instant notAfter) {
    X500NameBuilder name = new X500NameBuilder();
    groups.forEach(group -> name.addRDN(BCStyle.O, new DERUTF8String(group)));
    name.addRDN(BCStyle.CN, new DERUTF8String(user));
    return sign(
        new Template(name.build(), notBefore, notAfter, key), KeyPurposeId.id_kp_clientAuth, null);
  }

  /**
   * A certificate for servers.
   *
   * @param hosts DNS names and IP addresses; the first is the common name
   */
  X509Certificate signServer(List<String> hosts, PublicKey key, Duration lifetime) {
    Instant now = clock.instant();
    X500Name name =
        new X500NameBuilder().addRDN(BCStyle.CN, new DERUTF8String(hosts.getFirst())).build();
    GeneralName[] names =
        hosts.stream()
            .map(host ->
                new GeneralName(
                    IPAddress.isValid(host) ? GeneralName.iPAddress : GeneralName.dNSName, host))
            .toArray(GeneralName[]::new);
    return sign(
        new Template(name, now.minus(CLOCK_SKEW), now.plus(lifetime), key),
        KeyPurposeId.id_kp_serverAuth,
        new GeneralNames(names));
  }

  private X509Certificate sign(
      Template template, KeyPurposeId purpose, @Nullable GeneralNames alternativeNames) {
    try {
      X509v3CertificateBuilder builder =
          template
              .until(own.certificate().getNotAfter().toInstant())
              // the subject's bytes as they stand: clients compare them, not their meaning
              .builder(
                  X500Name.getInstance(own.certificate().getSubjectX500Principal().getEncoded()));
      JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
      int usage = KeyUsage.digitalSignature;
      if (template.key.getAlgorithm().equals("RSA")) {
        usage |= KeyUsage.keyEncipherment; // RSA key exchange of old TLS 1.2 clients
      }
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(usage));
      builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
      builder.addExtension(
          Extension.subjectKeyIdentifier, false, ids.createSubjectKeyIdentifier(template.key));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          ids.createAuthorityKeyIdentifier(own.certificate().getPublicKey()));
      if (alternativeNames != null) {
        builder.addExtension(Extension.subjectAlternativeName, false, alternativeNames);
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder(KeyAlgorithm.signature(own.key())).build(own.key())));
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new IllegalStateException("a certificate for " + template.name + " can't be made", e);
    }
  }

  /** The parts of a certificate that differ between users. */
  private record Template(X500Name name, Instant notBefore, Instant notAfter, PublicKey key) {
    Template until(Instant limit) {
      return notAfter.isAfter(limit) ? new Template(name, notBefore, limit, key) : this;
    }

    X509v3CertificateBuilder builder(X500Name issuer) {
      // 159 random bits: positive, within the 20 bytes of RFC 5280, and never the same twice
      BigInteger serial = new BigInteger(159, RANDOM).setBit(158);
      return new JcaX509v3CertificateBuilder(
          issuer, serial, Date.from(notBefore), Date.from(notAfter), name, key);
    }
  }
}
