package io.multicluster.authn.rbac;

import io.multicluster.authn.Attributes;
import io.multicluster.authn.Authorizer;
import io.multicluster.authn.Decision;
import io.multicluster.wire.user.UserInfo;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the control plane would say: by its RBAC rules, which are known here, and where they say
 * nothing by asking it. It may have other authorizers that allow, and it knows a rule that was made
 * a moment ago.
 */
public final class ControlPlaneAuthorizer implements Authorizer {
  private final RbacPolicy policy;
  private final BooleanSupplier synced;
  private final Authorizer reviews;
  private final boolean reviewRefusals;

  /**
   * @param synced whether {@code policy} holds all of the control plane's rules; until then it is
   *     asked about all that is not allowed
   * @param reviews asks the control plane
   * @param reviewRefusals whether it is asked about what RBAC does not allow; if not, RBAC's
   *     silence is a refusal
   */
  public ControlPlaneAuthorizer(
      RbacPolicy policy, BooleanSupplier synced, Authorizer reviews, boolean reviewRefusals) {
    this.policy = policy;
    this.synced = synced;
    this.reviews = reviews;
    this.reviewRefusals = reviewRefusals;
  }

  @Override
  public Decision authorize(Attributes attributes) {
    Decision known = known(attributes);
    return known == null ? reviews.authorize(attributes) : known;
  }

  @Override
  public @Nullable Decision decideNow(Attributes attributes) {
    Decision known = known(attributes);
    return known == null ? reviews.decideNow(attributes) : known;
  }

  /**
   * All rules that apply to a user in a namespace; null if the control plane may know others. Never
   * waits.
   */
  public @Nullable List<PolicyRule> rulesNow(UserInfo user, String namespace) {
    return complete() ? policy.rules(user, namespace) : null;
  }

  /**
   * Null if the control plane has to be asked. A permission holds although rules may be missing:
   * there are none that deny.
   */
  private @Nullable Decision known(Attributes attributes) {
    Decision decision = policy.decide(attributes);
    return decision.allowed() || complete() ? decision : null;
  }

  /** Whether what is not allowed here is allowed nowhere. */
  private boolean complete() {
    return !reviewRefusals && synced.getAsBoolean();
  }
}
