package io.multicluster.server.audit;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How much of a request is recorded. */
enum Level {
  @JsonProperty("None")
  NONE("None"),
  @JsonProperty("Metadata")
  METADATA("Metadata"),
  /** And the body of the request. */
  @JsonProperty("Request")
  REQUEST("Request"),
  /** And the body of the answer. */
  @JsonProperty("RequestResponse")
  REQUEST_RESPONSE("RequestResponse");

  private final String text;

  Level(String text) {
    this.text = text;
  }

  /** As {@code audit.k8s.io} writes it. */
  @Override
  public String toString() {
    return text;
  }
}
