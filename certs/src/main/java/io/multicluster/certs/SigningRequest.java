package io.multicluster.certs;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/**
 * What a PKCS#10 request asks for: to be a user, in groups. Everything else in it, such as other
 * names, is left out of the certificate.
 */
record SigningRequest(String user, List<String> groups, PublicKey key) {
  /** Nobody becomes all-powerful by an approval given in passing. */
  private static final String MASTERS = "system:masters";

  private static final String CLIENT_AUTH = "client auth";
  private static final Set<String> USAGES =
      Set.of(CLIENT_AUTH, "digital signature", "key encipherment");
  private static final int SHORTEST_RSA_KEY = 2048;

  /**
   * @param encoded base64 of PEM, as in the object's {@code spec.request}
   * @param usages the object's {@code spec.usages}
   * @throws IllegalArgumentException if this is not given; the message says why, for the request's
   *     author
   */
  static SigningRequest parse(String encoded, List<String> usages) {
    if (!usages.contains(CLIENT_AUTH) || !USAGES.containsAll(usages)) {
      throw new IllegalArgumentException(
          "usages must hold \"client auth\", and beside it at most \"digital signature\" and"
              + " \"key encipherment\"");
    }
    PKCS10CertificationRequest request = read(encoded);
    PublicKey key = verifiedKey(request);
    String user = "";
    List<String> groups = new ArrayList<>();
    for (RDN part : request.getSubject().getRDNs()) {
      for (AttributeTypeAndValue attribute : part.getTypesAndValues()) {
        if (attribute.getType().equals(BCStyle.CN)) {
          user = text(attribute);
        } else if (attribute.getType().equals(BCStyle.O)) {
          groups.add(text(attribute));
        }
      }
    }
    if (user.isEmpty()) {
      throw new IllegalArgumentException("the subject has no common name, which is the user");
    }
    if (groups.contains(MASTERS)) {
      throw new IllegalArgumentException("certificates for group " + MASTERS + " are not signed");
    }
    return new SigningRequest(user, groups, key);
  }

  private static PKCS10CertificationRequest read(String encoded) {
    try {
      String pem = new String(Base64.getMimeDecoder().decode(encoded), StandardCharsets.ISO_8859_1);
      try (PEMParser parser = new PEMParser(new StringReader(pem))) {
        if (parser.readObject() instanceof PKCS10CertificationRequest request) {
          return request;
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalArgumentException("the request can't be read: " + e.getMessage(), e);
    }
    throw new IllegalArgumentException("the request has no PEM block CERTIFICATE REQUEST");
  }

  /** The signature proves that the author has the key. */
  private static PublicKey verifiedKey(PKCS10CertificationRequest request) {
    try {
      PublicKey key = new JcaPKCS10CertificationRequest(request).getPublicKey();
      if (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() < SHORTEST_RSA_KEY) {
        throw new IllegalArgumentException(
            "the RSA key is shorter than " + SHORTEST_RSA_KEY + " bits");
      }
      if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
        throw new IllegalArgumentException("the request is not signed with its own key");
      }
      return key;
    } catch (GeneralSecurityException | OperatorCreationException | PKCSException e) {
      throw new IllegalArgumentException("the request's key can't be used: " + e.getMessage(), e);
    }
  }

  private static String text(AttributeTypeAndValue attribute) {
    if (attribute.getValue() instanceof ASN1String value) {
      return value.getString();
    }
    throw new IllegalArgumentException("the subject has a part that is no text");
  }
}
