package io.multicluster.certs;

import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An entry of the inventory as keys and texts: what a file and a ConfigMap can both hold. */
final class InventoryRecord {
  static final String REVOKED = "revoked";

  private InventoryRecord() {}

  static Map<String, String> encode(IssuedCertificate certificate) {
    Map<String, String> data = new LinkedHashMap<>();
    data.put("user", certificate.user());
    data.put("groups", String.join("\n", certificate.groups()));
    data.put("serial", certificate.serialText());
    data.put("issuer", certificate.issuer());
    data.put("fingerprint", certificate.fingerprint());
    data.put("notBefore", certificate.notBefore().toString());
    data.put("notAfter", certificate.notAfter().toString());
    if (certificate.revoked() != null) {
      data.put(REVOKED, certificate.revoked().toString());
    }
    return data;
  }

  /**
   * @throws IllegalArgumentException if a key is missing or its value is wrong; the message names
   *     it
   */
  static IssuedCertificate decode(Map<String, String> data) {
    String groups = text(data, "groups");
    String revoked = data.get(REVOKED);
    return new IssuedCertificate(
        serial(text(data, "serial")),
        text(data, "issuer"),
        text(data, "fingerprint"),
        text(data, "user"),
        groups.isEmpty() ? List.of() : List.of(groups.split("\n")),
        instant(text(data, "notBefore")),
        instant(text(data, "notAfter")),
        revoked == null ? null : instant(revoked));
  }

  static String text(Map<String, String> data, String key) {
    @Nullable String value = data.get(key);
    if (value == null) {
      throw new IllegalArgumentException("the key \"" + key + "\" is missing");
    }
    return value;
  }

  private static BigInteger serial(String text) {
    try {
      return new BigInteger(text, 16);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("\"" + text + "\" is no serial number", e);
    }
  }

  static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("\"" + text + "\" is no time", e);
    }
  }
}
