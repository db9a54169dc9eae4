package io.multicluster.authn.rbac;

import static io.multicluster.authn.Requests.user;
import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.authn.Attributes;
import io.multicluster.authn.Authorizer;
import io.multicluster.authn.Decision;
import io.multicluster.authn.rbac.Binding.Subject;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ControlPlaneAuthorizerTest {
  private static final Attributes ALLOWED = Attributes.ofPath(user("jane"), "get", "/x");
  private static final Attributes UNKNOWN = Attributes.ofPath(user("jane"), "get", "/y");

  private final RbacPolicy policy = new RbacPolicy();
  private final List<Attributes> asked = new ArrayList<>();
  private boolean synced = true;

  @BeforeEach
  void giveJaneOnePath() {
    policy.putRole(
        new RoleName("", "r"),
        List.of(new PolicyRule(List.of("get"), List.of(), List.of(), List.of(), List.of("/x"))));
    policy.putBinding(
        new Binding("", "b", new RoleName("", "r"), List.of(new Subject("User", "", "jane"))));
  }

  @Test
  void whatTheRulesAllowNobodyIsAskedAbout() {
    for (boolean each : List.of(true, false)) {
      synced = each;
      assertThat(authorizer(true).authorize(ALLOWED).allowed()).isTrue();
      assertThat(authorizer(true).decideNow(ALLOWED)).isNotNull();
    }
    assertThat(asked).isEmpty();
  }

  @Test
  void theControlPlaneMayAllowMore() {
    assertThat(authorizer(true).decideNow(UNKNOWN)).isNull();
    assertThat(authorizer(true).authorize(UNKNOWN)).isEqualTo(Decision.allow("webhook"));
    assertThat(asked).containsExactly(UNKNOWN);
  }

  @Test
  void whereRbacIsAllThereIsItsSilenceIsARefusal() {
    assertThat(authorizer(false).decideNow(UNKNOWN)).isEqualTo(Decision.NO_OPINION);
    assertThat(authorizer(false).authorize(UNKNOWN)).isEqualTo(Decision.NO_OPINION);
    assertThat(asked).isEmpty();
  }

  @Test
  void untilAllRulesAreKnownSilenceMeansNothing() {
    synced = false;
    assertThat(authorizer(false).decideNow(UNKNOWN)).isNull();
    assertThat(authorizer(false).authorize(UNKNOWN).allowed()).isTrue();
  }

  private ControlPlaneAuthorizer authorizer(boolean reviewRefusals) {
    return new ControlPlaneAuthorizer(
        policy,
        () -> synced,
        new Authorizer() {
          @Override
          public Decision authorize(Attributes attributes) {
            asked.add(attributes);
            return Decision.allow("webhook");
          }

          @Override
          public @Nullable Decision decideNow(Attributes attributes) {
            return null;
          }
        },
        reviewRefusals);
  }
}
