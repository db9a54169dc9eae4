package io.multicluster.certs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;

/**
 * A certificate with its private key.
 *
 * @param chain leaf first, then what leads to its authority, if anything
 */
public record KeyedCertificate(List<X509Certificate> chain, PrivateKey key) {
  public KeyedCertificate {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("a chain has at least one certificate");
    }
  }

  public X509Certificate certificate() {
    return chain.getFirst();
  }

  /**
   * The subject's common name, which is the user of a client certificate.
   *
   * @throws IllegalArgumentException if there is none
   */
  public String commonName() {
    RDN[] names =
        X500Name.getInstance(certificate().getSubjectX500Principal().getEncoded())
            .getRDNs(BCStyle.CN);
    if (names.length > 0
        && names[names.length - 1].getFirst().getValue() instanceof ASN1String name) {
      return name.getString();
    }
    throw new IllegalArgumentException(
        "the certificate of " + certificate().getSubjectX500Principal() + " has no common name");
  }

  /** The same with more certificates behind its own. */
  public KeyedCertificate followedBy(List<X509Certificate> more) {
    return new KeyedCertificate(Stream.concat(chain.stream(), more.stream()).toList(), key);
  }

  public String chainPem() {
    return Pem.certificates(chain);
  }

  /** SEC 1 or PKCS#8, not encrypted: for files that only their owner can read. */
  public String keyPem() {
    return Pem.key(key, certificate().getPublicKey());
  }

  /** Never the key. */
  @Override
  public String toString() {
    return "KeyedCertificate[" + certificate().getSubjectX500Principal() + "]";
  }

  /**
   * Reads two PEM files; the key may be PKCS#8, PKCS#1 or SEC1, not encrypted.
   *
   * @throws IllegalArgumentException if a file can't be read, or they don't belong together; the
   *     message names the file
   */
  public static KeyedCertificate read(Path certificateFile, Path keyFile) {
    List<X509Certificate> chain = Pem.readCertificates(certificateFile, text(certificateFile));
    PrivateKey key = Pem.readKey(keyFile, text(keyFile));
    if (!belongTogether(chain.getFirst().getPublicKey(), key)) {
      throw new IllegalArgumentException(
          "the key in " + keyFile + " is not that of the certificate in " + certificateFile);
    }
    return new KeyedCertificate(chain, key);
  }

  /**
   * Writes two PEM files, the key first and readable by its owner only.
   *
   * @throws IOException if it can't be done; each file is either old or new as a whole
   */
  public void write(Path certificateFile, Path keyFile) throws IOException {
    PrivateFiles.write(keyFile, keyPem());
    PrivateFiles.write(certificateFile, chainPem());
  }

  static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(file + " does not exist", e);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + " can't be read: " + e.getMessage(), e);
    }
  }

  private static boolean belongTogether(PublicKey publicKey, PrivateKey privateKey) {
    byte[] probe = "probe".getBytes(StandardCharsets.US_ASCII);
    try {
      Signature signature = Signature.getInstance(KeyAlgorithm.signature(privateKey));
      signature.initSign(privateKey);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(publicKey);
      signature.update(probe);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false; // a key of another kind
    }
  }
}
