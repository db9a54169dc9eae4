package io.multicluster.authn.x509;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.security.auth.x500.X500Principal;

/**
 * The parts of a distinguished name that make a user, in the order of the encoding, as Go reads
 * them: {@link X500Principal}'s own text form would lose the order within multi-valued parts, in
 * which Go puts all organizations.
 *
 * @param commonName the last one; empty if none
 * @param uids attributes {@value #UID_OID_TEXT}, of which at most one is sensible
 */
record Subject(String commonName, List<String> organizations, List<String> uids) {
  static final String UID_OID_TEXT = "1.3.6.1.4.1.57683.2";

  private static final String COMMON_NAME = "550403";
  private static final String ORGANIZATION = "55040a";
  private static final String UID = "2b0601040183c25302";

  private static final int SEQUENCE = 0x30;
  private static final int SET = 0x31;
  private static final int OBJECT_IDENTIFIER = 0x06;

  Subject {
    organizations = List.copyOf(organizations);
    uids = List.copyOf(uids);
  }

  /**
   * @throws IllegalArgumentException if the name uses a string type that Kubernetes does not read
   */
  static Subject of(X500Principal principal) {
    String commonName = "";
    List<String> organizations = new ArrayList<>();
    List<String> uids = new ArrayList<>();
    Der names = new Der(principal.getEncoded()).open(SEQUENCE);
    while (names.hasMore()) {
      Der name = names.open(SET);
      while (name.hasMore()) {
        Der attribute = name.open(SEQUENCE);
        String type = HexFormat.of().formatHex(attribute.read(OBJECT_IDENTIFIER));
        String value = attribute.text();
        switch (type) {
          case COMMON_NAME -> commonName = value;
          case ORGANIZATION -> organizations.add(value);
          case UID -> uids.add(value);
          default -> {
            // other parts of a name mean nothing to Kubernetes
          }
        }
      }
    }
    return new Subject(commonName, organizations, uids);
  }

  /** A reader of the few DER forms that a name consists of. */
  private static final class Der {
    private final byte[] bytes;
    private final int end;
    private int at;

    Der(byte[] bytes) {
      this(bytes, 0, bytes.length);
    }

    private Der(byte[] bytes, int start, int end) {
      this.bytes = bytes;
      this.at = start;
      this.end = end;
    }

    boolean hasMore() {
      return at < end;
    }

    Der open(int tag) {
      if (next() != tag) {
        throw malformed();
      }
      int length = length();
      Der inner = new Der(bytes, at, at + length);
      at += length;
      return inner;
    }

    byte[] read(int tag) {
      Der inner = open(tag);
      return java.util.Arrays.copyOfRange(bytes, inner.at, inner.end);
    }

    String text() {
      int tag = at < end ? bytes[at] & 0xff : -1;
      Charset charset =
          switch (tag) {
            case 0x0c, 0x12, 0x13, 0x16 -> StandardCharsets.UTF_8; // UTF8, numeric, printable, IA5
            case 0x14 -> StandardCharsets.ISO_8859_1; // T.61
            case 0x1e -> StandardCharsets.UTF_16BE; // BMP
            default ->
                throw new IllegalArgumentException(
                    "the subject has a part of ASN.1 type " + tag + ", which is no known text");
          };
      return new String(read(tag), charset);
    }

    private int length() {
      int first = next();
      if (first < 0x80) {
        return checked(first);
      }
      int count = first & 0x7f;
      if (count == 0 || count > 3) {
        throw malformed();
      }
      int length = 0;
      for (int i = 0; i < count; i++) {
        length = length << 8 | next();
      }
      return checked(length);
    }

    private int checked(int length) {
      if (length > end - at) {
        throw malformed();
      }
      return length;
    }

    private int next() {
      if (at >= end) {
        throw malformed();
      }
      return bytes[at++] & 0xff;
    }

    private static IllegalArgumentException malformed() {
      return new IllegalArgumentException("the subject is malformed");
    }
  }
}
