package io.multicluster.server.audit;

/** What an event's writer waits for, and what becomes of it when the log can't be written. */
enum Urgency {
  /** Nobody waits; it is left out, and counted, when the log can't keep up or can't be written. */
  NOTE,
  /** On disk before the change is made; refused, and with it the change, otherwise. */
  INTENT,
  /** On disk before the client is answered; kept in memory until it can be written otherwise. */
  OUTCOME
}
