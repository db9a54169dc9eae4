package io.multicluster.proxy;

import io.multicluster.proxy.UpstreamConfig.ClientCertificate;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** A certificate authority and what it has signed, made anew for each test class. */
final class TestPki {
  record Identity(PrivateKey key, X509Certificate certificate) {
    ClientCertificate asClient() {
      return new ClientCertificate(pem(certificate), pem("PRIVATE KEY", key.getEncoded()));
    }
  }

  private final KeyPair caKeys = newKeys();
  private final X509Certificate ca;
  private long serial = 1;

  TestPki() {
    ca = sign("test-ca", caKeys, null);
  }

  /** For 127.0.0.1, localhost and {@code names}. */
  Identity server(String... names) {
    GeneralName[] all = new GeneralName[names.length + 2];
    all[0] = new GeneralName(GeneralName.iPAddress, "127.0.0.1");
    all[1] = new GeneralName(GeneralName.dNSName, "localhost");
    for (int i = 0; i < names.length; i++) {
      all[i + 2] = new GeneralName(GeneralName.dNSName, names[i]);
    }
    KeyPair keys = newKeys();
    return new Identity(keys.getPrivate(), sign("server", keys, new GeneralNames(all)));
  }

  Identity client(String name) {
    KeyPair keys = newKeys();
    return new Identity(
        keys.getPrivate(),
        sign(name, keys, new GeneralNames(new GeneralName(GeneralName.dNSName, name))));
  }

  X509Certificate authority() {
    return ca;
  }

  String authorityPem() {
    return pem(ca);
  }

  static String pem(X509Certificate certificate) {
    try {
      return pem("CERTIFICATE", certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static String pem(String type, byte[] der) {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + type + "-----\n" + base64 + "\n-----END " + type + "-----\n";
  }

  static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Names make an end certificate, null an authority. */
  private X509Certificate sign(String cn, KeyPair keys, @Nullable GeneralNames names) {
    try {
      Instant now = Instant.now();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              new X500Name("CN=test-ca"),
              BigInteger.valueOf(serial++),
              Date.from(now.minus(1, ChronoUnit.HOURS)),
              Date.from(now.plus(1, ChronoUnit.DAYS)),
              new X500Name("CN=" + cn),
              keys.getPublic());
      if (names == null) {
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      } else {
        builder.addExtension(Extension.subjectAlternativeName, false, names);
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(caKeys.getPrivate())));
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  UpstreamConfig config(URI... servers) {
    return UpstreamConfig.of(servers[0])
        .withServers(List.of(servers))
        .withCertificateAuthority(authorityPem());
  }
}
