package io.multicluster.wire.json;

import java.nio.charset.StandardCharsets;

/** How objects of one kind are written as JSON; from {@link KubernetesTypes}. Immutable. */
public final class JsonKind {
  private final String apiVersion;
  private final String kind;
  private final MessageType type;
  private final byte[] typeMeta;

  JsonKind(String apiVersion, String kind, MessageType type) {
    this.apiVersion = apiVersion;
    this.kind = kind;
    this.type = type;
    this.typeMeta = typeMeta(apiVersion, kind);
  }

  public String apiVersion() {
    return apiVersion;
  }

  public String kind() {
    return kind;
  }

  MessageType type() {
    return type;
  }

  /** {@code "kind":"…","apiVersion":"…",}. */
  byte[] typeMeta() {
    return typeMeta;
  }

  static byte[] typeMeta(String apiVersion, String kind) {
    return ("\"kind\":\"" + kind + "\",\"apiVersion\":\"" + apiVersion + "\",")
        .getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public String toString() {
    return apiVersion + ' ' + kind;
  }
}
