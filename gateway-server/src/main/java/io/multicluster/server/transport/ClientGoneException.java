package io.multicluster.server.transport;

/** A client that hung up: expected, therefore without a stack trace. */
final class ClientGoneException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ClientGoneException() {
    super("the client has gone", null, false, false);
  }
}
