package io.multicluster.proxy;

import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Private keys as PEM. Kubernetes' tools write all three usual forms and the JDK reads only PKCS
 * #8, so the two older ones are wrapped into it (RFC 5208; RFC 8017 A.1.2, RFC 5915).
 */
final class PemKey {
  private static final Pattern BLOCK =
      Pattern.compile(
          "-----BEGIN ((?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----([^-]*)-----END \\1-----");

  /** SEQUENCE { rsaEncryption, NULL }. */
  private static final byte[] RSA_ALGORITHM = {
    0x30,
    0x0d,
    0x06,
    0x09,
    0x2a,
    (byte) 0x86,
    0x48,
    (byte) 0x86,
    (byte) 0xf7,
    0x0d,
    0x01,
    0x01,
    0x01,
    0x05,
    0x00
  };

  /** The object identifier ecPublicKey. */
  private static final byte[] EC_PUBLIC_KEY = {
    0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01
  };

  private static final int SEQUENCE = 0x30;
  private static final int OCTET_STRING = 0x04;
  private static final int EC_PARAMETERS = 0xa0;

  private PemKey() {}

  /**
   * The first private key in {@code pem}; other blocks, such as EC PARAMETERS, are skipped.
   *
   * @throws IllegalArgumentException if there is none that can be read; the message carries nothing
   *     of the key
   */
  static PrivateKey parse(String pem) {
    Matcher matcher = BLOCK.matcher(pem);
    if (!matcher.find()) {
      throw new IllegalArgumentException("the client key is not a PEM private key");
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(matcher.group(2));
      return switch (matcher.group(1)) {
        case "PRIVATE KEY" -> pkcs8(der);
        case "RSA PRIVATE KEY" -> pkcs8(wrap(RSA_ALGORITHM, der));
        case "EC PRIVATE KEY" -> pkcs8(wrap(ecAlgorithm(der), der));
        default -> throw new IllegalArgumentException("the client key is encrypted");
      };
    } catch (GeneralSecurityException | IndexOutOfBoundsException e) {
      throw new IllegalArgumentException("the client key can't be read", e);
    }
  }

  private static PrivateKey pkcs8(byte[] der) throws GeneralSecurityException {
    GeneralSecurityException first = null;
    for (String algorithm : new String[] {"RSA", "EC", "EdDSA"}) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
      } catch (GeneralSecurityException e) {
        first = first == null ? e : first;
      }
    }
    throw first;
  }

  private static byte[] wrap(byte[] algorithm, byte[] key) {
    byte[] version = {0x02, 0x01, 0x00};
    return element(SEQUENCE, version, algorithm, element(OCTET_STRING, key));
  }

  /** SEQUENCE { ecPublicKey, curve }, the curve taken from the key's own parameters. */
  private static byte[] ecAlgorithm(byte[] sec1) {
    int at = content(sec1, 0);
    at = next(sec1, at); // version
    at = next(sec1, at); // the key itself
    if ((sec1[at] & 0xff) != EC_PARAMETERS) {
      throw new IllegalArgumentException("the client key does not name its curve");
    }
    int from = content(sec1, at);
    byte[] curve = new byte[next(sec1, at) - from];
    System.arraycopy(sec1, from, curve, 0, curve.length);
    return element(SEQUENCE, EC_PUBLIC_KEY, curve);
  }

  /** Where the content of the element at {@code at} begins. */
  private static int content(byte[] der, int at) {
    int length = der[at + 1] & 0xff;
    return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
  }

  private static int next(byte[] der, int at) {
    int length = der[at + 1] & 0xff;
    if (length >= 0x80) {
      int bytes = length & 0x7f;
      length = 0;
      for (int i = 0; i < bytes; i++) {
        length = (length << 8) | (der[at + 2 + i] & 0xff);
      }
    }
    return content(der, at) + length;
  }

  private static byte[] element(int tag, byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(length + 6);
    out.write(tag);
    if (length < 0x80) {
      out.write(length);
    } else {
      int bytes = (Integer.SIZE - Integer.numberOfLeadingZeros(length) + 7) / 8;
      out.write(0x80 | bytes);
      for (int i = bytes - 1; i >= 0; i--) {
        out.write(length >> (8 * i));
      }
    }
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
