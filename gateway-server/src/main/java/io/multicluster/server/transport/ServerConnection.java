package io.multicluster.server.transport;

/** A connection as the server sees it when it counts, drains and closes. For any thread. */
interface ServerConnection {
  /** Takes no new requests and closes once those under way have ended. Idempotent. */
  void drain();

  void closeNow();
}
