package io.multicluster.wire.negotiate;

/** How objects are encoded, in the server's order of preference. */
public enum Format {
  JSON("json", true),
  /** Not for watches. */
  YAML("yaml", false),
  PROTOBUF("vnd.kubernetes.protobuf", true);

  private final String subtype;
  private final boolean streams;
  private final String contentType;

  Format(String subtype, boolean streams) {
    this.subtype = subtype;
    this.streams = streams;
    this.contentType = "application/" + subtype;
  }

  /** Value of the Content-Type header of a single answer. */
  public String contentType() {
    return contentType;
  }

  /** Value of the Content-Type header of a watch. */
  public String watchContentType() {
    return this == PROTOBUF ? contentType + ";stream=watch" : contentType;
  }

  String subtype() {
    return subtype;
  }

  boolean streams() {
    return streams;
  }
}
