package io.multicluster.authn.jwt;

/** Claims that don't make a user; the message says why, without their values. */
final class ClaimsException extends Exception {
  private static final long serialVersionUID = 1L;

  ClaimsException(String message) {
    super(message, null, false, false);
  }
}
