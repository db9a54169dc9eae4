package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.server.e2e.RawKube.Answer;
import io.multicluster.server.e2e.ScaleAttacks.Target;
import io.multicluster.testclusters.RealClusters;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may scale and change what, by annotation, on a real control plane. */
@TestInstance(Lifecycle.PER_CLASS)
final class ScalingModesIT {
  private static final String MERGE = "application/merge-patch+json";
  private static final String APPLY = "application/apply-patch+yaml";
  private static final List<Target> TARGETS =
      List.of(
          new Target(
              "/apis/apps/v1/namespaces/prod-shop/deployments", "a", "apps/v1", "Deployment"),
          new Target(
              "/apis/apps.kruise.io/v1alpha1/namespaces/prod-shop/clonesets",
              "b",
              "apps.kruise.io/v1alpha1",
              "CloneSet"));

  @TempDir private static Path folder;
  private ProtectedFederation world;
  private RawKube autoscaler;
  private RawKube person;

  @BeforeAll
  void start() throws Exception {
    RealClusters.assumeAvailable();
    world = new ProtectedFederation(folder);
    autoscaler = world.raw(ProtectedFederation.AUTOSCALER);
    person = world.raw("jane", "dev");
  }

  @AfterAll
  void stop() {
    for (RawKube each : new RawKube[] {autoscaler, person}) {
      if (each != null) {
        each.close();
      }
    }
    if (world != null) {
      world.close();
    }
  }

  @ParameterizedTest(name = "in mode {0} an autoscaler {1} scale, a person {2} and {3} edit")
  @CsvSource({
    "'',     may,     may,     may",
    "Manual, may not, may,     may",
    "Auto,   may,     may not, may not",
    "None,   may not, may not, may not"
  })
  void theModeSaysWhoMayScale(String mode, String autoscalerMay, String personMay, String mayEdit) {
    for (Target target : TARGETS) {
      world.direct().run("delete", target.kind(), target.name(), "-n", "prod-shop");
      ProtectedFederation.apply(world.direct(), workload(target, mode));
      scalesEveryWay(autoscaler, target, autoscalerMay.equals("may"), "lets no autoscaler change");
      scalesEveryWay(person, target, personMay.equals("may"), "change the spec");
      assertThat(edit(autoscaler, target).status())
          .as("what is not replicas is not kept from autoscalers")
          .isEqualTo(200);
      Answer edited = edit(person, target);
      assertThat(edited.status()).as(edited.text()).isEqualTo(mayEdit.equals("may") ? 200 : 403);
      Answer noted = annotate(target, "note", "x");
      assertThat(noted.status()).as("metadata is free: %s", noted.text()).isEqualTo(200);
      Answer dry = scale(person, target.path() + "/scale?dryRun=All", 7);
      assertThat(dry.status()).isEqualTo(personMay.equals("may") ? 200 : 403);
    }
  }

  @Test
  void aNewModeHoldsFromTheNextRequestOn() throws Exception {
    Target target = TARGETS.getFirst();
    world.direct().run("delete", "deployment", target.name(), "-n", "prod-shop");
    ProtectedFederation.apply(world.direct(), workload(target, "Auto"));
    Kubectl kubectl = world.as("kate", "dev");
    String[] scale = {"scale", "deployment/a", "-n", "prod-shop", "--replicas=4"};
    Kubectl.Result refused = kubectl.run(scale);
    assertThat(refused.exit()).isNotZero();
    assertThat(refused.err())
        .contains(
            "deployments.apps \"a\" is forbidden: multicluster.io/scaling-mode: Auto lets nobody"
                + " but autoscalers change the spec: change the annotation first");

    kubectl.ok(
        "annotate",
        "deployment/a",
        "-n",
        "prod-shop",
        "--overwrite",
        "multicluster.io/scaling-mode=Manual");
    kubectl.ok(scale);
    assertThat(scale(autoscaler, target.path() + "/scale", 6).status()).isEqualTo(403);

    kubectl.ok("annotate", "deployment/a", "-n", "prod-shop", "multicluster.io/scaling-mode-");
    assertThat(scale(autoscaler, target.path() + "/scale", 6).status()).isEqualTo(200);
  }

  @Test
  void aModeIsNotChangedInOneGoWithWhatItForbids() {
    Target target = TARGETS.getFirst();
    world.direct().run("delete", "deployment", target.name(), "-n", "prod-shop");
    ProtectedFederation.apply(world.direct(), workload(target, "Manual"));
    Answer answer =
        autoscaler.send(
            "PATCH",
            target.path(),
            MERGE,
            """
            {"metadata":{"annotations":{"multicluster.io/scaling-mode":"Auto"}},\
            "spec":{"replicas":9}}\
            """);
    assertThat(answer.status()).as(answer.text()).isEqualTo(403);
    assertThat(person.get(target.path()).object().at("/spec/replicas").asInt()).isEqualTo(5);
  }

  private void scalesEveryWay(RawKube who, Target target, boolean may, String why) {
    int before = person.get(target.path()).object().at("/spec/replicas").asInt();
    Map<String, Answer> answers =
        Map.of(
            "patch of scale",
            scale(who, target.path() + "/scale", before + 1),
            "update of scale",
            who.send(
                "PUT",
                target.path() + "/scale",
                "application/json",
                scaleObject(target, before + 2)),
            "merge patch",
            scale(who, target.path(), before + 3),
            "apply",
            who.send(
                "PATCH",
                target.path() + "?fieldManager=scaler&force=true",
                APPLY,
                """
                {"apiVersion":"%s","kind":"%s","metadata":{"name":"%s"},"spec":{"replicas":%d}}\
                """
                    .formatted(target.apiVersion(), target.kind(), target.name(), before + 4)));
    answers.forEach((way, answer) -> {
      assertThat(answer.status())
          .as("%s of %s: %s", way, target.kind(), answer.text())
          .isEqualTo(may ? 200 : 403);
      if (!may) {
        assertThat(answer.text()).contains("multicluster.io/scaling-mode").contains(why);
      }
    });
    if (!may) {
      assertThat(person.get(target.path()).object().at("/spec/replicas").asInt())
          .as("replicas of %s", target.kind())
          .isEqualTo(before);
    }
  }

  private static Answer scale(RawKube who, String path, int replicas) {
    return who.send("PATCH", path, MERGE, "{\"spec\":{\"replicas\":" + replicas + "}}");
  }

  private static String scaleObject(Target target, int replicas) {
    return """
    {"apiVersion":"autoscaling/v1","kind":"Scale",\
    "metadata":{"name":"%s","namespace":"prod-shop"},"spec":{"replicas":%d}}\
    """
        .formatted(target.name(), replicas);
  }

  private static Answer edit(RawKube who, Target target) {
    return who.send(
        "PATCH",
        target.path(),
        MERGE,
        "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"by\":\""
            + System.nanoTime()
            + "\"}}}}}");
  }

  private Answer annotate(Target target, String key, String value) {
    return person.send(
        "PATCH",
        target.path(),
        MERGE,
        "{\"metadata\":{\"annotations\":{\"" + key + "\":\"" + value + "\"}}}");
  }

  private static String workload(Target target, String mode) {
    return """
    apiVersion: %s
    kind: %s
    metadata:
      name: %s
      namespace: prod-shop
      annotations: {%s}
    spec:
      replicas: 5
      selector: {matchLabels: {app: %3$s}}
      template:
        metadata: {labels: {app: %3$s}}
        spec: {containers: [{name: main, image: "registry.example.com/web:1"}]}
    """
        .formatted(
            target.apiVersion(),
            target.kind(),
            target.name(),
            mode == null || mode.isEmpty() ? "" : "multicluster.io/scaling-mode: " + mode);
  }
}
