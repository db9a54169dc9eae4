package io.multicluster.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.admission.MemberPods.Pod;
import io.multicluster.admission.MemberPods.PodOwner;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.selector.LabelSet;
import io.multicluster.wire.status.ApiException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way of deleting what is protected. */
class DeletionTest {
  private static final String MERGE = "application/merge-patch+json";
  private static final String ALWAYS = "'policy.kruise.io/delete-protection':'Always'";
  private static final String DEFINITIONS =
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  private static final String POD_LIMITS =
      World.json("{'match':{'resources':['pods']},'scaleDown':{'maxPercent':20,'window':'10m'}}");

  private static String labelled(String labels) {
    return World.json("{'metadata':{'uid':'u','labels':{" + labels + "}},'spec':{'replicas':5}}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ALWAYS,
        "'policy.kruise.io/delete-protection':'Cascading'",
        "'resourcetemplate.karmada.io/deletion-protected':'Always'"
      })
  void labelsProtect(String label) {
    World world = new World();
    world.server.put(World.WEB, labelled(label));
    assertThatThrownBy(() -> world.send("DELETE", World.WEB, "", ""))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().reason()).isEqualTo("Forbidden"));
    assertThat(world.server.at(World.WEB)).isNotNull();
  }

  @Test
  void cascadingLetsGoWhatHasNoReplicas() {
    World world = new World();
    world.server.put(
        World.WEB,
        labelled("'policy.kruise.io/delete-protection':'Cascading'").replace(":5", ":0"));
    world.send("DELETE", World.WEB, "", "");
    assertThat(world.server.at(World.WEB)).isNull();
  }

  @Test
  void policiesProtectByNameAndExemptWhomTheyName() {
    World world =
        new World(
            "{'match':{'resources':['configmaps'],'names':['shop-*']},"
                + "'delete':{'mode':'Always'},'exempt':{'users':['root']}}");
    String path = "/api/v1/namespaces/prod-shop/configmaps/shop-settings";
    world.server.put(path, "{}");
    assertThatThrownBy(() -> world.send("DELETE", path, "", ""))
        .hasMessage(
            "configmaps \"shop-settings\" is forbidden: policy \"production\" protects it from"
                + " deletion (Always): change the policy, or ask user root, or have group"
                + " firefighters do it with annotation multicluster.io/override: REASON");
    world.send(World.user("root"), "DELETE", path, "", new byte[0], false);
    assertThat(world.server.at(path)).isNull();
  }

  @Test
  void oneProtectedObjectProtectsTheCollectionAndIsNamed() {
    World world = new World();
    world.server.put(World.DEPLOYMENTS + "/a", "{}");
    world.server.put(World.DEPLOYMENTS + "/b", labelled(ALWAYS));
    assertThatThrownBy(() -> world.send("DELETE", World.DEPLOYMENTS, "", ""))
        .hasMessageContaining("deployments.apps \"b\" is forbidden");
    assertThat(world.server.at(World.DEPLOYMENTS + "/a")).isNotNull();
    world.send(
        "DELETE", World.DEPLOYMENTS + "?labelSelector=!policy.kruise.io/delete-protection", "", "");
    assertThat(world.server.at(World.DEPLOYMENTS + "/a")).isNull();
    assertThat(world.server.at(World.DEPLOYMENTS + "/b")).isNotNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {"``|", "?dryRun=All|", "``|{'dryRun':['All']}"})
  void theDeletionOfACollectionIsAnsweredWithWhatGoes(String query, @Nullable String options)
      throws IOException {
    World world = new World();
    world.server.put(World.DEPLOYMENTS + "/a", "{}");
    world.server.put(World.DEPLOYMENTS + "/b", "{}");
    Outcome outcome =
        world.send(
            "DELETE",
            World.DEPLOYMENTS + query,
            options == null ? "" : "application/json",
            options == null ? "" : options);
    assertThat(outcome).isInstanceOf(Outcome.Answered.class);
    assertThat(
            KubeObject.JSON
                .readTree(((Outcome.Answered) outcome).answer().body())
                .findValuesAsText("name"))
        .containsExactly("a", "b");
    boolean dryRun = !query.isEmpty() || options != null;
    assertThat(world.server.at(World.DEPLOYMENTS + "/a") != null).isEqualTo(dryRun);
    assertThat(world.server.at(World.DEPLOYMENTS + "/b") != null).isEqualTo(dryRun);
  }

  @Test
  void aNamespaceIsProtectedByWhatIsInIt() {
    World world = new World();
    world.server.put("/api/v1/namespaces/prod-shop", "{}");
    world.server.put(World.WEB, labelled(ALWAYS));
    assertThatThrownBy(() -> world.send("DELETE", "/api/v1/namespaces/prod-shop", "", ""))
        .hasMessageContaining(
            "namespaces \"prod-shop\" is forbidden: it would take along deployments.apps \"web\"");
  }

  @Test
  void aNamespaceIsNotFinalizedAroundItsProtection() {
    World world = new World();
    String path = "/api/v1/namespaces/prod-shop";
    world.server.put(
        path,
        World.json(
            "{'metadata':{'deletionTimestamp':'2026-01-01T00:00:00Z','labels':{"
                + ALWAYS
                + "}},'spec':{'finalizers':['kubernetes']}}"));
    assertThatThrownBy(() ->
            world.send(
                "PUT",
                path + "/finalize",
                "application/json",
                "{'metadata':{'name':'prod-shop','deletionTimestamp':'2026-01-01T00:00:00Z'},'spec':{}}"))
        .isInstanceOf(ApiException.class);
  }

  @Test
  void aCascadingNamespaceStaysWhileItHasPods() {
    World world = new World();
    String path = "/api/v1/namespaces/prod-shop";
    world.server.put(path, labelled("'policy.kruise.io/delete-protection':'Cascading'"));
    world.pods.add(pod("web-1", null, LabelSet.EMPTY));
    assertThatThrownBy(() -> world.send("DELETE", path, "", "")).hasMessageContaining("1 pods");
    world.pods.clear();
    world.send("DELETE", path, "", "");
    assertThat(world.server.at(path)).isNull();
  }

  @Test
  void aDefinitionIsProtectedByItsObjects() {
    World world = new World();
    world.server.put(
        DEFINITIONS + "/clonesets.apps.kruise.io",
        World.json(
            "{'spec':{'group':'apps.kruise.io','names':{'plural':'clonesets'},"
                + "'versions':[{'name':'v1alpha1','served':true}]}}"));
    world.server.put(World.CLONESETS + "/web", labelled(ALWAYS));
    assertThatThrownBy(
            () -> world.send("DELETE", DEFINITIONS + "/clonesets.apps.kruise.io", "", ""))
        .hasMessageContaining("it would take along clonesets.apps.kruise.io \"web\"");
  }

  @Test
  void anOwnerIsProtectedByWhatItOwnsUnlessThatStays() {
    World world = new World();
    String path = "/apis/example.org/v1/namespaces/prod-shop/applications/shop";
    world.server.put(path, World.json("{'metadata':{'uid':'owner'}}"));
    world.server.put(
        World.WEB,
        World.json(
            "{'metadata':{'labels':{"
                + ALWAYS
                + "},'ownerReferences':[{'apiVersion':'example.org/v1','kind':'Application',"
                + "'name':'shop','uid':'owner'}]}}"));
    assertThatThrownBy(() -> world.send("DELETE", path, "", ""))
        .hasMessageContaining("it would take along deployments.apps \"web\"");
    world.send("DELETE", path + "?propagationPolicy=Orphan", "", "");
    assertThat(world.server.at(path)).isNull();
  }

  @Test
  void anObjectIsNotGivenToAnOwnerThatIsNotThere() {
    World world = new World();
    world.server.put(World.WEB, labelled(ALWAYS));
    assertThatThrownBy(() ->
            world.send(
                "PATCH",
                World.WEB,
                MERGE,
                "{'metadata':{'ownerReferences':[{'apiVersion':'example.org/v1',"
                    + "'kind':'Application','name':'none','uid':'dead'}]}}"))
        .hasMessageContaining("owner Application \"none\" is not there or going");
  }

  @ParameterizedTest
  @ValueSource(strings = {"'policy.kruise.io/delete-protection':'Cascading'", ""})
  void anObjectMayBeGivenToAnOwnerThatStays(String label) {
    World world = new World();
    String path = "/api/v1/namespaces/prod-shop";
    world.server.put(path, labelled(label));
    world.server.put(World.WEB, labelled(ALWAYS));
    world.server.put("/api/v1/namespaces/tenant", World.json("{'metadata':{'uid':'tenant-uid'}}"));
    String owned =
        "{'metadata':{'ownerReferences':[{'apiVersion':'v1','kind':'Namespace','name':'tenant',"
            + "'uid':'%s'}]}}";
    assertThatThrownBy(() -> world.send("PATCH", path, MERGE, owned.formatted("dead")))
        .hasMessageContaining("owner Namespace \"tenant\" is not there or going, and it would take")
        .hasMessageContaining("deployments.apps \"web\"");
    assertThat(world.send("PATCH", path, MERGE, owned.formatted("tenant-uid")))
        .isInstanceOf(Outcome.Answered.class);
  }

  @Test
  void theLastFinalizerStaysOnWhatIsProtected() {
    World world = new World();
    world.server.put(
        World.WEB,
        World.json(
            "{'metadata':{'deletionTimestamp':'2026-01-01T00:00:00Z','finalizers':['a'],"
                + "'labels':{"
                + ALWAYS
                + "}}}"));
    for (String suffix : new String[] {"", "/status"}) {
      assertThatThrownBy(() ->
              world.send("PATCH", World.WEB + suffix, MERGE, "{'metadata':{'finalizers':null}}"))
          .isInstanceOf(ApiException.class);
    }
  }

  @Test
  void aLabelThatComesInBetweenIsSeen() {
    World world = new World();
    world.server.put(World.WEB, "{}");
    world.server.beforeNextWrite(() -> world.server.put(World.WEB, labelled(ALWAYS)));
    assertThatThrownBy(() -> world.send("DELETE", World.WEB, "", ""))
        .isInstanceOf(ApiException.class);
    assertThat(world.server.at(World.WEB)).isNotNull();
  }

  @Test
  void whatWasNotThereIsNotDeletedUnjudgedIfItComes() {
    World world = new World();
    world.server.beforeNextWrite(() -> world.server.put(World.WEB, labelled(ALWAYS)));
    assertThatThrownBy(() -> world.send("DELETE", World.WEB, "", ""))
        .hasMessage("deployments.apps \"web\" not found");
  }

  @Test
  void aStateThatTheClientInsistsOnIsNotDeletedUnjudgedOnceItComes() {
    World world = new World();
    KubeObject now = new KubeObject(world.server.put(World.WEB, labelled(ALWAYS)));
    String next = String.valueOf(Long.parseLong(now.resourceVersion()) + 1);
    world.server.beforeNextWrite(() -> world.server.put(World.WEB, labelled(ALWAYS)));
    assertThatThrownBy(() ->
            world.send(
                "DELETE",
                World.WEB,
                "application/json",
                "{'preconditions':{'resourceVersion':'" + next + "'}}"))
        .hasMessageContaining("does not match the ResourceVersion in record");
    assertThat(world.server.at(World.WEB)).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"uid", "resourceVersion"})
  void aCollectionIsDeletedOnlyAsTheClientInsists(String what) {
    World world = new World();
    world.server.put(World.WEB, "{}");
    assertThatThrownBy(() ->
            world.send(
                "DELETE",
                World.DEPLOYMENTS,
                "application/json",
                "{'preconditions':{'" + what + "':'7'}}"))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().reason()).isEqualTo("Conflict"));
    assertThat(world.server.at(World.WEB)).isNotNull();
  }

  @Test
  void changesDoNotGoThroughTheClustersProxy() {
    World world = new World();
    String proxy = "/apis/cluster.karmada.io/v1alpha1/clusters/m1/proxy";
    assertThatThrownBy(() -> world.send("DELETE", proxy + "/api/v1/namespaces/x/pods/y", "", ""))
        .hasMessageContaining("use the entry /clusters/m1");
  }

  @Test
  void onlyStreamsGoThroughTheClustersProxy() {
    World world = new World();
    String pods = "/apis/cluster.karmada.io/v1alpha1/clusters/m1/proxy/api/v1/namespaces/x/pods";
    for (String path : new String[] {"/exec", "/./exec", "/%2E/exec", "//exec", "/y/exec/.."}) {
      assertThatThrownBy(() -> judge(world, "DELETE", pods + path))
          .as(path)
          .isInstanceOf(ApiException.class);
    }
    for (String stream : new String[] {"exec", "attach", "portforward"}) {
      assertThat(judge(world, "POST", pods + "/web-0.1/" + stream))
          .isSameAs(Outcome.PassOn.UNJUDGED);
    }
  }

  /** Without carrying it out. */
  private static Outcome judge(World world, String method, String path) {
    return world.send(World.JANE, method, path, "", new byte[0], true);
  }

  @Test
  void podsOfAnOwnerGoWithinABudget() {
    World world = worldOfPods(20);
    for (int i = 0; i < 4; i++) {
      remove(world, i, i % 2 == 0);
    }
    assertThatThrownBy(() -> remove(world, 4, true))
        .hasMessageContaining("lets 4 of the 20 pods of CloneSet \"web\" go within 10m");
    remove(world, 3, false);
    world.advance(Duration.ofMinutes(11));
    remove(world, 5, true);
  }

  @Test
  void aRemovalThatWasNotCarriedOutIsGivenBack() {
    World world = worldOfPods(5);
    Outcome.PassOn first = (Outcome.PassOn) remove(world, 0, true);
    assertThatThrownBy(() -> remove(world, 1, true)).isInstanceOf(ApiException.class);
    first.notDone().run();
    remove(world, 1, true);
  }

  @Test
  void aRemovalThatTwoAskForIsGivenBackWhenNeitherDidIt() {
    World world = worldOfPods(5);
    Outcome.PassOn first = (Outcome.PassOn) remove(world, 0, true);
    Outcome.PassOn second = (Outcome.PassOn) remove(world, 0, false);
    first.notDone().run();
    first.notDone().run();
    assertThatThrownBy(() -> remove(world, 1, true))
        .as("the second may have removed it")
        .hasMessageContaining("1 went");
    second.notDone().run();
    remove(world, 1, true);
  }

  @Test
  void aDryRunCountsNothingHoweverItEnds() {
    World world = worldOfPods(5);
    remove(world, 0, true);
    String path = "/api/v1/namespaces/prod-shop/pods/web-0?dryRun=All";
    Outcome.PassOn trial =
        (Outcome.PassOn) world.send(World.JANE, "DELETE", path, "", new byte[0], true);
    trial.notDone().run();
    assertThatThrownBy(() -> remove(world, 1, true)).hasMessageContaining("1 went");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "application/vnd.kubernetes.protobuf"})
  void anEvictionsDryRunMayStandInTheQuery(String type) {
    World world = worldOfPods(5);
    byte[] eviction =
        type.endsWith("json")
            ? World.json("{'metadata':{'name':'web-0'}}").getBytes(StandardCharsets.UTF_8)
            : World.enveloped(
                "policy/v1",
                "Eviction",
                new ProtoWriter().message(1, new ProtoWriter().string(1, "web-0")));
    String path = "/api/v1/namespaces/prod-shop/pods/web-0/eviction?dryRun=All";
    world.send(World.JANE, "POST", path, type, eviction, true);
    remove(world, 1, true);
  }

  @Test
  void ofACollectionThatIsRefusedPartMayHaveBeenRemoved() {
    World world = worldOfPods(5);
    String pods = "/api/v1/namespaces/prod-shop/pods";
    Outcome.PassOn all =
        (Outcome.PassOn)
            world.send(
                World.JANE,
                "DELETE",
                pods + "?fieldSelector=metadata.name%3Dweb-0",
                "",
                new byte[0],
                true);
    assertThat(all.atomic()).isFalse();
    assertThat(((Outcome.PassOn) remove(world, 0, true)).atomic()).isTrue();
  }

  @Test
  void protectedPodsAreNeitherDeletedNorEvictedNorCollected() {
    World world = new World();
    world.pods.add(pod("db-0", null, key -> key.equals(Rules.KRUISE_LABEL) ? "Always" : null));
    String pods = "/api/v1/namespaces/prod-shop/pods";
    String eviction = World.json("{'metadata':{'name':'db-0'}}");
    assertThatThrownBy(
            () -> world.send(World.JANE, "DELETE", pods + "/db-0", "", new byte[0], true))
        .hasMessageStartingWith("pods \"db-0\" is forbidden");
    assertThatThrownBy(() -> world.send(World.JANE, "DELETE", pods, "", new byte[0], true))
        .hasMessageStartingWith("pods \"db-0\" is forbidden");
    assertThatThrownBy(() ->
            world.send(
                World.JANE,
                "POST",
                pods + "/db-0/eviction",
                "application/json",
                eviction.getBytes(StandardCharsets.UTF_8),
                true))
        .hasMessageStartingWith("pods \"db-0\" is forbidden");
  }

  /** One where a policy limits how pods go, and an owner has so many. */
  private static World worldOfPods(int count) {
    World world = new World(POD_LIMITS);
    PodOwner owner = new PodOwner("prod-shop", "CloneSet", "web");
    for (int i = 0; i < count; i++) {
      world.pods.add(pod("web-" + i, owner, LabelSet.EMPTY));
    }
    return world;
  }

  private static Outcome remove(World world, int index, boolean evict) {
    String path = "/api/v1/namespaces/prod-shop/pods/web-" + index;
    byte[] eviction =
        World.json("{'metadata':{'name':'web-" + index + "'}}").getBytes(StandardCharsets.UTF_8);
    return evict
        ? world.send(World.JANE, "POST", path + "/eviction", "application/json", eviction, true)
        : world.send(World.JANE, "DELETE", path, "", new byte[0], true);
  }

  private static Pod pod(String name, @Nullable PodOwner owner, LabelSet labels) {
    return new Pod("m1", "prod-shop", name, "uid-" + name, labels, owner, false, false);
  }

  @Test
  void manyWhoTryAtOnceWhileOthersWriteNeitherDeleteNorDrain() throws Exception {
    World world =
        new World(
            "{'match':{'resources':['deployments.apps']},'delete':{'mode':'Always'},"
                + "'scaleDown':{'maxPercent':20,'minReplicas':2,'window':'10m'}}");
    world.server.put(World.WEB, World.json("{'spec':{'replicas':100}}"));
    AtomicInteger tries = new AtomicInteger();
    AtomicInteger lowest = new AtomicInteger(100);
    CountDownLatch start = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int thread = 0; thread < 20; thread++) {
        int seed = thread;
        threads.execute(() -> {
          await(start);
          for (int i = 0; i < 500; i++) {
            tries.incrementAndGet();
            attempt(world, (seed * 31 + i) % 5, i);
            lowest.accumulateAndGet(world.replicas(World.WEB), Math::min);
          }
        });
      }
      start.countDown();
    }
    assertThat(tries).hasValue(10_000);
    assertThat(lowest.get()).as("the lowest count ever seen").isBetween(80, 100);
  }

  private static void attempt(World world, int way, int i) {
    try {
      switch (way) {
        case 0 -> world.send("DELETE", World.WEB, "", "");
        case 1 -> world.send("DELETE", World.DEPLOYMENTS, "", "");
        case 2 -> world.send("PATCH", World.WEB, MERGE, "{'spec':{'replicas':" + (i % 100) + "}}");
        case 3 ->
            world.send(
                "PATCH",
                World.WEB + "/scale",
                MERGE,
                "{'spec':{'replicas':" + (75 + i % 25) + "}}");
        default ->
            world.send("PATCH", World.WEB, MERGE, "{'metadata':{'annotations':{'n':'" + i + "'}}}");
      }
    } catch (ApiException refused) {
      assertThat(refused.status().code()).isIn(403, 409);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
