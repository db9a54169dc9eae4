package io.multicluster.certs;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.multicluster.certs.Inventory.Contents;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** The inventory as ConfigMaps: one a certificate, one a user that was revoked. */
final class InventoryObjects {
  /** On all objects of the inventory; its value tells which of the two they are. */
  static final String LABEL = "multicluster.io/inventory";

  private static final String CERTIFICATE = "client-certificate";
  private static final String REVOKED_USER = "revoked-user";
  private static final String USER = "user";
  private static final String UP_TO = "upTo";

  private InventoryObjects() {}

  static ConfigMap of(IssuedCertificate certificate) {
    return object(name(certificate), CERTIFICATE, InventoryRecord.encode(certificate));
  }

  static String name(IssuedCertificate certificate) {
    return CERTIFICATE + "-" + certificate.serialText();
  }

  static ConfigMap ofRevokedUser(String user, Instant upTo) {
    return object(
        nameOfRevokedUser(user), REVOKED_USER, Map.of(USER, user, UP_TO, upTo.toString()));
  }

  /** A user's name may hold what an object's may not. */
  static String nameOfRevokedUser(String user) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(user.getBytes(StandardCharsets.UTF_8));
      return REVOKED_USER + "-" + HexFormat.of().formatHex(hash, 0, 20);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * @throws IOException if an object is not as it was written; the message names it
   */
  static Contents contents(Iterable<ConfigMap> objects) throws IOException {
    List<IssuedCertificate> certificates = new ArrayList<>();
    Map<String, Instant> users = new HashMap<>();
    for (ConfigMap object : objects) {
      try {
        switch (object.getMetadata().getLabels().get(LABEL)) {
          case CERTIFICATE -> certificates.add(InventoryRecord.decode(data(object)));
          case REVOKED_USER ->
              users.put(InventoryRecord.text(data(object), USER), revokedUpTo(object));
          case null, default -> {
            // of a later version
          }
        }
      } catch (IllegalArgumentException e) {
        throw new IOException(
            "ConfigMap "
                + object.getMetadata().getNamespace()
                + "/"
                + object.getMetadata().getName()
                + " is not an entry of the inventory of certificates: "
                + e.getMessage(),
            e);
      }
    }
    certificates.sort(
        Comparator.comparing(IssuedCertificate::notBefore)
            .thenComparing(IssuedCertificate::serial));
    return new Contents(certificates, users);
  }

  static boolean revoked(ConfigMap certificate) {
    return data(certificate).containsKey(InventoryRecord.REVOKED);
  }

  static Instant revokedUpTo(ConfigMap user) {
    return InventoryRecord.instant(InventoryRecord.text(data(user), UP_TO));
  }

  private static Map<String, String> data(ConfigMap object) {
    Map<String, String> data = object.getData();
    return data == null ? Map.of() : data;
  }

  private static ConfigMap object(String name, String kind, Map<String, String> data) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(name)
        .addToLabels(LABEL, kind)
        .endMetadata()
        .withData(data)
        .build();
  }
}
