package io.multicluster.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.admission.ProtectionPolicy.Action;
import io.multicluster.admission.ProtectionPolicy.DeleteMode;
import io.multicluster.admission.ProtectionPolicy.ScaleDown;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.selector.LabelSet;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyParserTest {
  @Test
  void readsEveryField() {
    ProtectionPolicy policy =
        World.policy(
            "{'match':{'resources':['clonesets.apps.kruise.io','pods'],'namespaces':['prod-*'],"
                + "'labelSelector':{'matchLabels':{'tier':'core'}}},'delete':{'mode':'Cascading'},"
                + "'scaleDown':{'maxPercent':20,'maxCount':50,'minReplicas':2,'window':'1h30m'},"
                + "'exempt':{'users':['root'],'groups':['sre']},'action':'Warn'}");
    assertThat(policy.name()).isEqualTo("production");
    assertThat(policy.delete()).isEqualTo(DeleteMode.CASCADING);
    assertThat(policy.scaleDown()).isEqualTo(new ScaleDown(20, 50, 2, Duration.ofMinutes(90)));
    assertThat(policy.action()).isEqualTo(Action.WARN);
    assertThat(policy.exempt().includes(World.user("op", "sre"))).isTrue();
    LabelSet core = key -> key.equals("tier") ? "core" : null;
    GroupResource cloneSets = GroupResource.parse("clonesets.apps.kruise.io");
    assertThat(policy.match().matches(cloneSets, "prod-shop", "web", core)).isTrue();
    assertThat(policy.match().matches(cloneSets, "dev", "web", core)).isFalse();
    assertThat(policy.match().matches(cloneSets, "prod-shop", "web", LabelSet.EMPTY)).isFalse();
  }

  @Test
  void deniesNothingBelowOneReplicaUnlessToldOtherwise() {
    ProtectionPolicy policy = World.policy("{'match':{'resources':['*']},'scaleDown':{}}");
    assertThat(policy.action()).isEqualTo(Action.DENY);
    assertThat(policy.scaleDown())
        .isEqualTo(new ScaleDown(100, Integer.MAX_VALUE, 1, Duration.ZERO));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'match':{'resources':['pods']}} | spec needs delete or scaleDown",
        "{'match':{},'scaleDown':{}} | spec.match.resources names no resource",
        "{'match':{'resources':['pods']},'scaleDown':{'maxPercent':101}} |"
            + " spec.scaleDown.maxPercent 101",
        "{'match':{'resources':['pods']},'scaleDown':{'window':'10'}} | spec.scaleDown.window",
        "{'match':{'resources':['pods']},'scaleDown':{'window':'25h'}} | is longer than 24h",
        "{'match':{'resources':['pods']},'scaledown':{}} | spec.scaledown is not known",
        "{'match':{'resources':['pods']},'delete':{'mode':'Sometimes'}} | spec.delete.mode is to be"
            + " one of",
        "{'match':{'resources':['pods']},'delete':{}} | spec.delete.mode is to be one of",
      })
  void refusesWhatItDoesNotUnderstand(String spec, String message) {
    assertThatThrownBy(() -> World.policy(spec))
        .hasMessageContaining("policy production: ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({
    "*, anything, true",
    "prod-*, prod-, true",
    "prod-*, prod, false",
    "*-db-*, a-db-b-db-, true",
    "a*b*c, abcbd, false",
    "web, web, true",
    "web, web2, false"
  })
  void patternsMatchWholeNames(String pattern, String name, boolean matches) {
    assertThat(new Glob(pattern).matches(name)).isEqualTo(matches);
  }
}
