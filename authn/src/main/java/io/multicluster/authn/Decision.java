package io.multicluster.authn;

/**
 * What an authorizer says.
 *
 * @param reason for the audit log, and at the end of a 403's text unless empty
 */
public record Decision(Verdict verdict, String reason) {

  /** The three answers of an authorizer. */
  public enum Verdict {
    ALLOW,
    /** Final: no later authorizer is asked. */
    DENY,
    /** A later authorizer may allow; if none does, the request is refused. */
    NO_OPINION
  }

  public static final Decision NO_OPINION = new Decision(Verdict.NO_OPINION, "");

  public static Decision allow(String reason) {
    return new Decision(Verdict.ALLOW, reason);
  }

  public static Decision deny(String reason) {
    return new Decision(Verdict.DENY, reason);
  }

  public static Decision noOpinion(String reason) {
    return reason.isEmpty() ? NO_OPINION : new Decision(Verdict.NO_OPINION, reason);
  }

  public boolean allowed() {
    return verdict == Verdict.ALLOW;
  }
}
