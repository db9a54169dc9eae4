package io.multicluster.authn.token;

/** A token that is no good; the message says why, for the log, without quoting the token. */
public final class TokenRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  public TokenRefusedException(String message) {
    super(message, null, false, false);
  }
}
