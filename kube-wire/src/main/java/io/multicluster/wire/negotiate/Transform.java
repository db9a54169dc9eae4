package io.multicluster.wire.negotiate;

/** What the client wants to see of objects. */
public enum Transform {
  /** The objects themselves. */
  NONE("", ""),
  TABLE("Table", "v1"),
  TABLE_V1BETA1("Table", "v1beta1"),
  METADATA("PartialObjectMetadata", "v1"),
  METADATA_V1BETA1("PartialObjectMetadata", "v1beta1"),
  METADATA_LIST("PartialObjectMetadataList", "v1"),
  METADATA_LIST_V1BETA1("PartialObjectMetadataList", "v1beta1");

  private final String kind;
  private final String version;

  Transform(String kind, String version) {
    this.kind = kind;
    this.version = version;
  }

  /** Kind of the answer; empty for {@link #NONE}. */
  public String kind() {
    return kind;
  }

  /** Version of the answer within {@code meta.k8s.io}; empty for {@link #NONE}. */
  public String version() {
    return version;
  }

  public boolean isTable() {
    return this == TABLE || this == TABLE_V1BETA1;
  }

  /** Whether only metadata is wanted, of one object or of each in a list. */
  public boolean isMetadata() {
    return this != NONE && !isTable();
  }

  boolean isMetadataOfList() {
    return this == METADATA_LIST || this == METADATA_LIST_V1BETA1;
  }
}
