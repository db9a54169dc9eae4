package io.multicluster.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.status.ApiException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every way of lowering replicas against a policy of at most 20 % and never below 2. */
class ScaleDownTest {
  private static final String MERGE = "application/merge-patch+json";
  private static final String STRATEGIC = "application/strategic-merge-patch+json";
  private static final String JSON_PATCH = "application/json-patch+json";
  private static final String APPLY = "application/apply-patch+yaml";
  private static final String LIMITS =
      World.json(
          "{'match':{'resources':['deployments.apps','clonesets.apps.kruise.io','statefulsets.apps'],"
              + "'namespaces':['prod-*'],'labelSelector':{'matchLabels':{'tier':'core'}}},"
              + "'scaleDown':{'maxPercent':20,'maxCount':50,'minReplicas':2,'window':'10m'},"
              + "'exempt':{'groups':['sre']},'action':'Deny'}");

  private final World world = new World(LIMITS);

  @BeforeEach
  void start() {
    world.server.put(World.WEB, object(100));
    world.server.put(World.CLONESETS + "/web", object(100));
  }

  private static String object(int replicas) {
    return World.json(
        "{'metadata':{'labels':{'tier':'core'}},'spec':{'replicas':" + replicas + ",'image':'a'}}");
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @CsvSource(
      delimiter = '|',
      value = {
        "PUT | '' | application/json |"
            + " {'metadata':{'name':'web','labels':{'tier':'core'}},'spec':{'replicas':79}}",
        "PUT | '' | application/json |"
            + " {'metadata':{'name':'web','labels':{'tier':'core'}},'spec':{}}",
        "PATCH | '' | " + MERGE + " | {'spec':{'replicas':79}}",
        "PATCH | '' | " + MERGE + " | {'spec':{'replicas':null}}",
        "PATCH | '' | " + STRATEGIC + " | {'spec':{'replicas':0}}",
        "PATCH | '' | " + JSON_PATCH + " | [{'op':'replace','path':'/spec/replicas','value':79}]",
        "PATCH | '' | " + JSON_PATCH + " | [{'op':'remove','path':'/spec/replicas'}]",
        "PATCH | ?fieldManager=x | "
            + APPLY
            + " | {'metadata':{'name':'web'},'spec':{'replicas':79}}",
        "PUT | /scale | application/json | {'metadata':{'name':'web'},'spec':{'replicas':79}}",
        "PUT | /scale | application/json | {'metadata':{'name':'web'},'spec':{}}",
        "PATCH | /scale | " + MERGE + " | {'spec':{'replicas':79}}",
        "PATCH | '' | " + MERGE + " | {'metadata':{'labels':{'tier':null}},'spec':{'replicas':1}}",
        "PATCH | '' | " + MERGE + " | {'metadata':{'labels':{'tier':'edge'}}}",
      })
  void isRefusedHoweverItIsAskedFor(String method, String suffix, String type, String body) {
    for (String path : new String[] {World.WEB, World.CLONESETS + "/web"}) {
      assertThatThrownBy(() -> world.send(method, path + suffix, type, body))
          .isInstanceOfSatisfying(
              ApiException.class,
              e -> {
                assertThat(e.status().code()).isEqualTo(403);
                assertThat(e.status().message())
                    .contains("\"web\" is forbidden: policy \"production\"");
              });
      assertThat(world.replicas(path)).isEqualTo(100);
    }
    assertThat(world.server.writes).isZero();
  }

  @ParameterizedTest
  @CsvSource({"80", "99", "100", "101", "5000"})
  void isAllowedWithinTheLimitsAndUpwards(int replicas) {
    world.send("PATCH", World.WEB + "/scale", MERGE, "{'spec':{'replicas':" + replicas + "}}");
    assertThat(world.replicas(World.WEB)).isEqualTo(replicas);
  }

  @Test
  void namesRuleValuesAndWayOut() {
    assertThatThrownBy(() -> scale(50))
        .hasMessage(
            "deployments.apps \"web\" is forbidden: policy \"production\" allows no fewer than 80"
                + " replicas now (at most 20% and 50 of 100 within 10m may go, never below 2), 50"
                + " would be left of 100: take smaller steps, or wait, or ask group sre, or have"
                + " group firefighters do it with annotation multicluster.io/override: REASON");
  }

  private void scale(int replicas) {
    world.send("PATCH", World.WEB + "/scale", MERGE, "{'spec':{'replicas':" + replicas + "}}");
  }

  @Test
  void smallStepsAddUpWithinTheWindowAndBeginAnewAfterIt() {
    scale(90);
    world.advance(Duration.ofMinutes(5));
    scale(80);
    assertThatThrownBy(() -> scale(79)).isInstanceOf(ApiException.class);
    scale(85);
    assertThatThrownBy(() -> scale(79)).as("raising in between").isInstanceOf(ApiException.class);
    world.advance(Duration.ofMinutes(11));
    scale(68);
    assertThat(world.replicas(World.WEB)).isEqualTo(68);
    assertThatThrownBy(() -> scale(67)).isInstanceOf(ApiException.class);
  }

  @Test
  void theFloorHoldsHoweverSlowlyItIsApproached() {
    world.server.put(World.WEB, object(10));
    for (int replicas = 9; replicas >= 5; replicas--) {
      world.advance(Duration.ofHours(1));
      scale(replicas);
    }
    world.advance(Duration.ofHours(1));
    assertThatThrownBy(() -> scale(3)).as("a fifth of 5 is 1").isInstanceOf(ApiException.class);
    world.server.put(World.WEB, object(2));
    world.advance(Duration.ofHours(1));
    assertThatThrownBy(() -> scale(1)).isInstanceOf(ApiException.class);
  }

  @Test
  void deletionIsAllowedOnlyAtTheFloorAndTheNextOneIsJudgedByWhatWasThere() {
    assertThatThrownBy(() -> world.send("DELETE", World.WEB, "", ""))
        .hasMessageContaining("only after it was scaled down to 2 replicas for 10m");
    assertThat(world.replicas(World.WEB)).isEqualTo(100);
    // Its owners' group may delete it; who makes it anew is judged by what it had.
    world.send(World.user("op", "sre"), "DELETE", World.WEB, "", new byte[0], false);
    assertThat(world.server.at(World.WEB)).isNull();
    String fewer = "{'metadata':{'name':'web','labels':{'tier':'core'}},'spec':{'replicas':20}}";
    assertThatThrownBy(() -> world.send("POST", World.DEPLOYMENTS, "application/json", fewer))
        .isInstanceOf(ApiException.class);
    assertThatThrownBy(() -> world.send("PATCH", World.WEB + "?fieldManager=x", APPLY, fewer))
        .as("apply that creates")
        .isInstanceOf(ApiException.class);
    world.send("POST", World.DEPLOYMENTS, "application/json", fewer.replace(":20", ":80"));
    assertThat(world.replicas(World.WEB)).isEqualTo(80);
  }

  @Test
  void anAutoscalersMinimumMaximumAndTargetCountAsWell() {
    String scaler =
        "{'metadata':{'name':'web'},'spec':{'scaleTargetRef':{'apiVersion':'apps/v1',"
            + "'kind':'Deployment','name':'web'},'minReplicas':%d,'maxReplicas':%d}}";
    assertThatThrownBy(
            () -> world.send("POST", World.SCALERS, "application/json", scaler.formatted(2, 200)))
        .as("a new minimum far below")
        .isInstanceOf(ApiException.class);
    world.send("POST", World.SCALERS, "application/json", scaler.formatted(90, 200));
    String path = World.SCALERS + "/web";
    assertThatThrownBy(() -> world.send("PATCH", path, MERGE, "{'spec':{'minReplicas':10}}"))
        .isInstanceOf(ApiException.class);
    assertThatThrownBy(() -> world.send("PATCH", path, MERGE, "{'spec':{'minReplicas':null}}"))
        .isInstanceOf(ApiException.class);
    assertThatThrownBy(
            () -> world.send("PATCH", path, MERGE, "{'spec':{'minReplicas':1,'maxReplicas':50}}"))
        .isInstanceOf(ApiException.class);
    world.send("PATCH", path, MERGE, "{'spec':{'minReplicas':95}}");
  }

  @Test
  void anAutoscalerThatIsAppliedCountsLikeOneThatIsPosted() {
    String scaler =
        "{'metadata':{'name':'web'},'spec':{'scaleTargetRef':{'apiVersion':'apps/v1',"
            + "'kind':'Deployment','name':'web'},'minReplicas':%d,'maxReplicas':200}}";
    String path = World.SCALERS + "/web";
    assertThatThrownBy(
            () -> world.send("PATCH", path + "?fieldManager=x", APPLY, scaler.formatted(2)))
        .hasMessageContaining("allows no fewer than 80 replicas");
    assertThat(world.server.at(path)).isNull();
    world.send("PATCH", path + "?fieldManager=x", APPLY, scaler.formatted(90));
    assertThat(world.server.at(path)).isNotNull();
  }

  @Test
  void podsNamedForDeletionAndMovedOrdinalsCountAsLost() {
    assertThatThrownBy(() ->
            world.send(
                "PATCH",
                World.CLONESETS + "/web",
                MERGE,
                "{'spec':{'scaleStrategy':{'podsToDelete':["
                    + String.join(
                        ",", IntStream.range(0, 21).mapToObj(i -> "'p" + i + "'").toList())
                    + "]}}}"))
        .isInstanceOf(ApiException.class);
    String path = "/apis/apps/v1/namespaces/prod-shop/statefulsets/db";
    world.server.put(path, object(10));
    assertThatThrownBy(() -> world.send("PATCH", path, MERGE, "{'spec':{'ordinals':{'start':5}}}"))
        .isInstanceOf(ApiException.class);
    world.send("PATCH", path, MERGE, "{'spec':{'ordinals':{'start':2}}}");
  }

  @Test
  void protobufBodiesAreTiedToTheJudgedState() {
    byte[] scale =
        World.enveloped(
            "autoscaling/v1",
            "Scale",
            new ProtoWriter()
                .message(1, new ProtoWriter().string(1, "web").string(6, ""))
                .message(2, new ProtoWriter().int64(1, 79)));
    ConditionalBody body =
        ConditionalBody.of(
            RequestInfoParser.parse("PUT", World.WEB + "/scale", Query.EMPTY),
            "application/vnd.kubernetes.protobuf",
            scale);
    assertThat(body.claimed()).isNull();
    byte[] conditional = body.onlyIf("4711");
    ConditionalBody read =
        ConditionalBody.of(
            RequestInfoParser.parse("PUT", World.WEB + "/scale", Query.EMPTY),
            "application/vnd.kubernetes.protobuf",
            conditional);
    assertThat(read.claimed()).isEqualTo("4711");
  }

  @Test
  void anotherWriterInBetweenMakesItBeJudgedAgain() {
    world.server.beforeNextWrite(() -> world.server.put(World.WEB, object(200)));
    assertThatThrownBy(() -> scale(80)).hasMessageContaining("would be left of 200");
    assertThat(world.replicas(World.WEB)).isEqualTo(200);
    world.server.beforeNextWrite(() -> world.server.put(World.WEB, object(210)));
    scale(190);
    assertThat(world.replicas(World.WEB)).isEqualTo(190);
  }

  @Test
  void aStateThatTheClientInsistsOnIsNotRetried() {
    String stale = "{'metadata':{'name':'web','resourceVersion':'1'},'spec':{'replicas':99}}";
    assertThatThrownBy(() -> world.send("PUT", World.WEB, "application/json", stale))
        .hasMessage(
            "Operation cannot be fulfilled on deployments.apps \"web\": the object has been"
                + " modified; please apply your changes to the latest version and try again");
  }

  @Test
  void appliedYamlKeepsItsWordsAndIsTiedToTheJudgedState() throws Exception {
    String yaml = "apiVersion: apps/v1\nmetadata:\n  name: web # the shop\nspec: {on: yes}\n";
    assertThat(
            new String(
                YamlMetadata.find(yaml.getBytes(StandardCharsets.UTF_8)).withResourceVersion("7"),
                StandardCharsets.UTF_8))
        .isEqualTo(
            "apiVersion: apps/v1\nmetadata:\n  \"resourceVersion\": \"7\"\n  name: web # the"
                + " shop\nspec: {on: yes}\n");
    String flow = "{\"metadata\":{},\"spec\":{}}";
    assertThat(
            new String(
                YamlMetadata.find(flow.getBytes(StandardCharsets.UTF_8)).withResourceVersion("7"),
                StandardCharsets.UTF_8))
        .isEqualTo("{\"metadata\":{\"resourceVersion\": \"7\"},\"spec\":{}}");
  }

  @Test
  void warnAndAuditLetItHappenAndSaySo() {
    world.policies.clear();
    world.policies.add(World.policy(LIMITS.replace("Deny", "Warn")));
    Outcome warned = world.send("PATCH", World.WEB + "/scale", MERGE, "{'spec':{'replicas':50}}");
    assertThat(warned.warnings()).hasSize(1);
    world.policies.clear();
    world.policies.add(World.policy(LIMITS.replace("Deny", "Audit")));
    Outcome audited = world.send("PATCH", World.WEB + "/scale", MERGE, "{'spec':{'replicas':3}}");
    assertThat(audited.warnings()).isEmpty();
    assertThat(audited.records()).hasSize(1);
    assertThat(world.replicas(World.WEB)).isEqualTo(3);
  }

  @Test
  void aDryRunShowsTheVerdictAndCountsForNothing() {
    assertThatThrownBy(() ->
            world.send("PATCH", World.WEB + "/scale?dryRun=All", MERGE, "{'spec':{'replicas':5}}"))
        .isInstanceOf(ApiException.class);
    world.send("PATCH", World.WEB + "/scale?dryRun=All", MERGE, "{'spec':{'replicas':90}}");
    assertThat(world.replicas(World.WEB)).isEqualTo(100);
  }

  @Test
  void onlyWhoMayCanOverrideAndOnlyWithAReason() {
    String body =
        "{'metadata':{'annotations':{'multicluster.io/override':'INC-7'}},'spec':{'replicas':5}}";
    assertThatThrownBy(() -> world.send("PATCH", World.WEB, MERGE, body))
        .isInstanceOf(ApiException.class);
    Outcome outcome =
        world.send(
            World.FIREFIGHTER,
            "PATCH",
            World.WEB,
            MERGE,
            World.json(body).getBytes(StandardCharsets.UTF_8),
            false);
    assertThat(outcome.records().getFirst()).startsWith("overridden by fred (INC-7): policy");
    assertThat(world.replicas(World.WEB)).isEqualTo(5);
  }

  @Test
  void whatCannotBeJudgedIsRefused() {
    world.server.goDown();
    assertThatThrownBy(() -> scale(99))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(503));
  }

  @ParameterizedTest
  @CsvSource({
    "Manual, autoscaler, 90, false", "Manual, jane, 90, true",
    "Auto, autoscaler, 90, true", "Auto, jane, 90, false",
    "None, autoscaler, 90, false", "None, jane, 90, false",
    "None, jane, 100, true",
  })
  void scalingModesSayWhoMayScale(String mode, String user, int replicas, boolean allowed) {
    world.server.put(
        World.WEB,
        object(100)
            .replace(
                "\"labels\"",
                "\"annotations\":{\"multicluster.io/scaling-mode\":\"" + mode + "\"},\"labels\""));
    byte[] body = ("{\"spec\":{\"replicas\":" + replicas + "}}").getBytes(StandardCharsets.UTF_8);
    var attempt =
        assertThatCode(
            () -> world.send(World.user(user), "PATCH", World.WEB + "/scale", MERGE, body, false));
    if (allowed) {
      attempt.doesNotThrowAnyException();
    } else {
      attempt.hasMessageContaining("multicluster.io/scaling-mode: " + mode);
    }
  }

  @Test
  void whatNoRuleConcernsGoesOnUntouched() {
    String path = "/apis/apps/v1/namespaces/dev/deployments/toy";
    world.server.put(path, object(100));
    assertThat(world.send("PATCH", path, MERGE, "{'spec':{'replicas':0}}"))
        .isEqualTo(Outcome.PassOn.UNJUDGED);
  }
}
