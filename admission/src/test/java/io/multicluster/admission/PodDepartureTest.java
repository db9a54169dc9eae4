package io.multicluster.admission;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.admission.MemberPods.PodOwner;
import io.multicluster.wire.user.UserInfo;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Changes of pods by which an owner loses them. Of five pods a fifth may go. */
final class PodDepartureTest {
  private static final String PODS = "/api/v1/namespaces/prod-shop/pods";
  private static final String OWNER =
      "{'apiVersion':'apps/v1','kind':'ReplicaSet','name':'web','uid':'uid-web',"
          + "'controller':true}";

  private final World world =
      new World(
          "{'match':{'resources':['pods'],'labelSelector':{'matchLabels':{'tier':'core'}}},"
              + "'scaleDown':{'maxPercent':20,'window':'10m'}}");

  @BeforeEach
  void fivePodsOfAReplicaSet() {
    world.server.put(
        "/apis/apps/v1/namespaces/prod-shop/replicasets/web",
        World.json(
            "{'metadata':{'uid':'uid-web'},'spec':{'selector':{'matchLabels':{'app':'web'},"
                + "'matchExpressions':[{'key':'canary','operator':'DoesNotExist'}]}}}"));
    for (int i = 0; i < 5; i++) {
      world.server.put(
          PODS + "/web-" + i,
          World.json(
              "{'metadata':{'uid':'uid-web-%d','labels':{'app':'web','tier':'core'},".formatted(i)
                  + "'ownerReferences':["
                  + OWNER
                  + "]},'spec':{'activeDeadlineSeconds':1000},'status':{'phase':'Running'}}"));
      world.pods.add(
          new MemberPods.Pod(
              "m1",
              "prod-shop",
              "web-" + i,
              "uid-web-" + i,
              key -> key.equals("tier") ? "core" : null,
              new PodOwner("prod-shop", "ReplicaSet", "web"),
              false,
              false));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'metadata':{'labels':{'app':'other'}}}",
        "{'metadata':{'labels':{'app':null}}}",
        "{'metadata':{'labels':{'canary':'yes'}}}",
        "{'metadata':{'labels':{'apps.kruise.io/specified-delete':'true'}}}",
        "{'metadata':{'ownerReferences':null}}",
        "{'metadata':{'ownerReferences':[{'apiVersion':'apps/v1','kind':'ReplicaSet','name':'web',"
            + "'uid':'uid-web'}]}}",
        "{'metadata':{'ownerReferences':["
            + OWNER
            + ",{'apiVersion':'apps/v1','kind':'ReplicaSet','name':'none','uid':'u'}]}}",
        "{'spec':{'activeDeadlineSeconds':1}}",
        "{'status':{'phase':'Failed'}}"
      })
  void losingAPodCountsAsItsDeletion(String patch) {
    assertThat(patch(World.JANE, 0, patch)).isInstanceOf(Outcome.Answered.class);
    assertThatThrownBy(() -> patch(World.JANE, 1, patch))
        .hasMessageContaining("pods \"web-1\" is forbidden")
        .hasMessageContaining("lets 1 of the 5 pods of ReplicaSet \"web\" go within 10m");
    assertThatThrownBy(() ->
            world.send(
                World.JANE, "DELETE", "/clusters/m1" + PODS + "/web-1", "", new byte[0], true))
        .hasMessageContaining("lets 1 of the 5 pods");
    assertThat(patch(World.FIREFIGHTER, 1, patch, "?multicluster.io/override=fire").warnings())
        .singleElement()
        .asString()
        .contains("overridden (fire)", "lets 1 of the 5 pods");
  }

  @Test
  void otherChangesDoNotCount() {
    for (int i = 0; i < 5; i++) {
      patch(World.JANE, i, "{'metadata':{'labels':{'role':'leader'}}}");
      patch(World.JANE, i, "{'metadata':{'annotations':{'note':'x'}}}");
      patch(World.JANE, i, "{'status':{'phase':'Pending'}}");
    }
    assertThat(patch(World.JANE, 0, "{'metadata':{'ownerReferences':null}}", "?dryRun=All"))
        .isInstanceOf(Outcome.PassOn.class);
    patch(World.JANE, 1, "{'metadata':{'ownerReferences':null}}");
  }

  @Test
  void aPodStaysUnderItsPolicy() {
    assertThatThrownBy(() -> patch(World.JANE, 0, "{'metadata':{'labels':{'tier':null}}}"))
        .hasMessageContaining("would no longer apply with these labels");
    patch(World.JANE, 1, "{'metadata':{'ownerReferences':null}}");
  }

  @Test
  void aPodThatNoRuleConcernsIsLeftAlone() {
    world.server.put(PODS + "/free", "{}");
    assertThat(
            world.send(
                World.JANE,
                "PATCH",
                "/clusters/m1" + PODS + "/free",
                "application/merge-patch+json",
                "{}".getBytes(UTF_8),
                true))
        .isSameAs(Outcome.PassOn.UNJUDGED);
  }

  private Outcome patch(UserInfo user, int pod, String patch) {
    return patch(user, pod, patch, "");
  }

  private Outcome patch(UserInfo user, int pod, String patch, String query) {
    return world.send(
        user,
        "PATCH",
        "/clusters/m1" + PODS + "/web-" + pod + query,
        "application/merge-patch+json",
        World.json(patch).getBytes(UTF_8),
        true);
  }
}
