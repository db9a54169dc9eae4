package io.multicluster.wire.proto;

import java.nio.charset.StandardCharsets;

/**
 * What is added to an object while it is served, so that its cluster can be seen and selected: one
 * label and one annotation. One instance per member, made once: its wire forms are prepared.
 * Immutable.
 */
public final class ClusterMark {
  /** The label's key. */
  public static final String LABEL = "multicluster.io/cluster";

  /** The annotation's key: the one that karmada-search adds. */
  public static final String ANNOTATION = "resource.karmada.io/cached-from-cluster";

  static final byte[] LABEL_KEY = LABEL.getBytes(StandardCharsets.US_ASCII);
  static final byte[] ANNOTATION_KEY = ANNOTATION.getBytes(StandardCharsets.US_ASCII);

  private final String cluster;
  private final byte[] value;
  private final byte[] labelField;
  private final byte[] annotationField;

  public ClusterMark(String cluster) {
    this.cluster = cluster;
    this.value = cluster.getBytes(StandardCharsets.UTF_8);
    this.labelField = entry(ObjectMeta.LABELS, LABEL);
    this.annotationField = entry(ObjectMeta.ANNOTATIONS, ANNOTATION);
  }

  /** The member's name. */
  public String cluster() {
    return cluster;
  }

  /** The member's name in UTF-8, the value of label and annotation; not to be changed. */
  public byte[] value() {
    return value;
  }

  byte[] labelField() {
    return labelField;
  }

  byte[] annotationField() {
    return annotationField;
  }

  private byte[] entry(int field, String key) {
    return new ProtoWriter()
        .message(field, new ProtoWriter().string(1, key).bytes(2, value))
        .toByteArray();
  }
}
