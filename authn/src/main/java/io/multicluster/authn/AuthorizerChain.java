package io.multicluster.authn;

import io.multicluster.authn.Decision.Verdict;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks several authorizers: the first that allows or denies decides; the rest are not asked. */
public final class AuthorizerChain implements Authorizer {
  private final List<Authorizer> authorizers;

  public AuthorizerChain(List<Authorizer> authorizers) {
    this.authorizers = List.copyOf(authorizers);
  }

  @Override
  public Decision authorize(Attributes attributes) {
    String reasons = "";
    for (Authorizer authorizer : authorizers) {
      Decision decision = authorizer.authorize(attributes);
      if (decision.verdict() != Verdict.NO_OPINION) {
        return decision;
      }
      reasons = joined(reasons, decision.reason());
    }
    return Decision.noOpinion(reasons);
  }

  @Override
  public @Nullable Decision decideNow(Attributes attributes) {
    String reasons = "";
    for (Authorizer authorizer : authorizers) {
      Decision decision = authorizer.decideNow(attributes);
      if (decision == null || decision.verdict() != Verdict.NO_OPINION) {
        return decision;
      }
      reasons = joined(reasons, decision.reason());
    }
    return Decision.noOpinion(reasons);
  }

  /** Two authorizers that judge by the same rules give the same reason; it is told once. */
  private static String joined(String reasons, String next) {
    if (reasons.isEmpty()) {
      return next;
    }
    return next.isEmpty() || reasons.contains(next) ? reasons : reasons + "\n" + next;
  }
}
