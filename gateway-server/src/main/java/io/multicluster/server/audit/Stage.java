package io.multicluster.server.audit;

import com.fasterxml.jackson.annotation.JsonProperty;

/** When in a request's life an event is recorded. */
enum Stage {
  /** Before anything is done: of a change, the intent. */
  @JsonProperty("RequestReceived")
  REQUEST_RECEIVED("RequestReceived"),
  /** The answer's head went out; long-running requests only. */
  @JsonProperty("ResponseStarted")
  RESPONSE_STARTED("ResponseStarted"),
  /** Nothing more follows: of a change, the outcome. */
  @JsonProperty("ResponseComplete")
  RESPONSE_COMPLETE("ResponseComplete"),
  /** Known to policies; a fault inside the gateway is a 500 of stage ResponseComplete here. */
  @JsonProperty("Panic")
  PANIC("Panic");

  private final String text;

  Stage(String text) {
    this.text = text;
  }

  /** As {@code audit.k8s.io} writes it. */
  @Override
  public String toString() {
    return text;
  }
}
