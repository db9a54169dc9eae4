package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.multicluster.server.e2e.RawKube.Answer;
import io.multicluster.server.e2e.ScaleAttacks.Attack;
import io.multicluster.server.e2e.ScaleAttacks.Target;
import io.multicluster.testclusters.RealClusters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every way past protection that we could think of, at random and at the same time, while others
 * write to the same objects. {@code -Dprotection.tries=10000}, or as many in several runs, is the
 * whole measure.
 */
@TestInstance(Lifecycle.PER_CLASS)
class BypassIT {
  private static final int TRIES = Integer.getInteger("protection.tries", 400);
  private static final int ATTACKERS = 6;
  private static final int POD_ATTACKS = 18;

  private static final String POLICY =
      """
      apiVersion: policy.multicluster.io/v1alpha1
      kind: ProtectionPolicy
      metadata: {name: production}
      spec:
        match:
          resources: [deployments.apps, statefulsets.apps, clonesets.apps.kruise.io]
          namespaces: ["prod-*"]
          labelSelector: {matchLabels: {tier: core}}
        delete: {mode: Always}
        scaleDown: {maxPercent: 20, maxCount: 50, minReplicas: 2, window: 12h}
      """;
  private static final String POD_POLICY =
      """
      apiVersion: policy.multicluster.io/v1alpha1
      kind: ProtectionPolicy
      metadata: {name: pods}
      spec:
        match:
          resources: [pods]
          namespaces: ["prod-*"]
        scaleDown: {maxPercent: 20, minReplicas: 2, window: 12h}
      """;

  private static final Target WEB =
      new Target("/apis/apps/v1/namespaces/prod-shop/deployments", "web", "apps/v1", "Deployment");
  static final Target DATABASE =
      new Target("/apis/apps/v1/namespaces/prod-shop/statefulsets", "db", "apps/v1", "StatefulSet");
  static final Target CART =
      new Target(
          "/apis/apps.kruise.io/v1alpha1/namespaces/prod-shop/clonesets",
          "cart",
          "apps.kruise.io/v1alpha1",
          "CloneSet");
  private static final List<Target> TARGETS = List.of(WEB, DATABASE, CART);

  @TempDir private static Path folder;
  private ProtectedFederation world;
  private RawKube attacker;

  @BeforeAll
  void start() throws Exception {
    RealClusters.assumeAvailable();
    world = new ProtectedFederation(folder);
    attacker = world.raw("mallory", "dev");
    for (Target target : TARGETS) {
      ProtectedFederation.apply(
          world.direct(),
          """
          apiVersion: %s
          kind: %s
          metadata: {name: %s, namespace: prod-shop, labels: {tier: core}}
          spec:
            replicas: 100
            selector: {matchLabels: {app: %3$s}}
            template:
              metadata: {labels: {app: %3$s}}
              spec: {containers: [{name: main, image: "registry.example.com/web:1"}]}
          """
              .formatted(target.apiVersion(), target.kind(), target.name()));
    }
    ProtectedFederation.apply(world.direct(), POLICY, POD_POLICY);
    Awaitility.await("the policies are in force")
        .atMost(Duration.ofSeconds(20))
        .until(() -> attacker.send("DELETE", WEB.path() + "?dryRun=All", "", "").status() == 403);
    Answer created =
        attacker.send(
            "POST",
            "/apis/autoscaling/v2/namespaces/prod-shop/horizontalpodautoscalers",
            "application/json",
            ScaleAttacks.autoscaler(WEB, 90, 200, "web"));
    assertThat(created.status()).as(created.text()).isEqualTo(201);
  }

  @AfterAll
  void stop() {
    if (attacker != null) {
      attacker.close();
    }
    if (world != null) {
      world.close();
    }
  }

  @Test
  void nothingProtectedIsLostAtTheControlPlane() throws Exception {
    List<Map.Entry<String, Attack>> attacks =
        List.copyOf(new ScaleAttacks(attacker).all().entrySet());
    Tally tally = new Tally();
    try (Witness witness = new Witness(world.directClient())) {
      for (Target target : TARGETS) {
        witness.watch(kind(target), BypassIT::replicas);
      }
      AtomicBoolean done = new AtomicBoolean();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<?>> writers = new ArrayList<>();
        writers.add(threads.submit(() -> annotate(done)));
        writers.add(threads.submit(() -> scaleWithinLimits(done)));
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> attackers = new ArrayList<>();
        for (int i = 0; i < ATTACKERS; i++) {
          attackers.add(
              threads.submit(() -> {
                for (int number = next.getAndIncrement();
                    number < TRIES;
                    number = next.getAndIncrement()) {
                  ThreadLocalRandom random = ThreadLocalRandom.current();
                  Map.Entry<String, Attack> attack = attacks.get(number % attacks.size());
                  Target target = TARGETS.get(random.nextInt(TARGETS.size()));
                  tally.add(attack.getKey(), attack.getValue().run(target, random.nextInt(70)));
                }
              }));
        }
        for (Future<?> each : attackers) {
          each.get();
        }
        done.set(true);
        for (Future<?> each : writers) {
          each.get();
        }
      }
      tally.print();
      assertThat(witness.violations()).isEmpty();
      assertThat(witness.events()).as("writes that the witness saw").isGreaterThan(TRIES / 10);
    }
    for (Target target : TARGETS) {
      assertThat(attacker.get(target.path()).object().at("/spec/replicas").asInt())
          .as(target.name())
          .isGreaterThanOrEqualTo(80);
    }
    assertThat(
            attacker
                .get("/apis/autoscaling/v2/namespaces/prod-shop/horizontalpodautoscalers")
                .object()
                .at("/items"))
        .allSatisfy(scaler ->
            assertThat(scaler.at("/spec/minReplicas").asInt(1))
                .as(scaler.toString())
                .isGreaterThanOrEqualTo(80));
    assertThat(tally.succeeded())
        .as("changes that were let through")
        .isSubsetOf(
            "one less than there are",
            "a dry run for later",
            "create under a generated name, dry",
            "create an autoscaler with a low minimum",
            "deletecollection?fieldSelector=metadata.name%3Dweb",
            "finalize the namespace",
            "take its label off by its status",
            "give it a dead owner by its status");
  }

  @Test
  void noMorePodsGoThanTheBudgetOfTheirOwnerAllows() throws Exception {
    String pods = "/api/v1/namespaces/prod-shop/pods";
    String owner =
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web-1, namespace: prod-shop, labels: {app: web}}
        spec:
          replicas: 20
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: main, image: "registry.example.com/web:1"}]}
        """;
    ProtectedFederation.apply(world.member(), owner);
    String uid =
        world
            .member()
            .ok("get", "rs", "web-1", "-n", "prod-shop", "-o", "jsonpath={.metadata.uid}")
            .out();
    StringBuilder made = new StringBuilder();
    for (int i = 0; i < 24; i++) {
      made.append(
          """
          ---
          apiVersion: v1
          kind: Pod
          metadata:
            name: web-%d
            namespace: prod-shop
            labels: {app: web, %s}
            ownerReferences:
            - {apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: %s, controller: true}
          spec: {containers: [{name: main, image: "registry.example.com/web:1"}]}
          """
              .formatted(i, i < 4 ? "policy.kruise.io/delete-protection: Always" : "a: b", uid));
    }
    ProtectedFederation.apply(world.member(), made.toString());
    Awaitility.await("all pods are seen")
        .atMost(Duration.ofSeconds(30))
        .until(() -> attacker.get(pods).object().at("/items").size() == 24);

    Tally tally = new Tally();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      AtomicBoolean done = new AtomicBoolean();
      Future<?> writer = threads.submit(() -> annotatePods(done));
      AtomicInteger next = new AtomicInteger();
      // What uses up the budget is another way each time.
      int first = ThreadLocalRandom.current().nextInt(POD_ATTACKS);
      List<Future<?>> attackers = new ArrayList<>();
      for (int i = 0; i < ATTACKERS; i++) {
        attackers.add(
            threads.submit(() -> {
              for (int number = next.getAndIncrement();
                  number < TRIES;
                  number = next.getAndIncrement()) {
                attackPod(first + number, pods, tally);
              }
            }));
      }
      for (Future<?> each : attackers) {
        each.get();
      }
      done.set(true);
      writer.get();
    }
    tally.print();
    try (KubernetesClient member = world.memberClient()) {
      List<String> left =
          member.pods().inNamespace("prod-shop").list().getItems().stream()
              .filter(BypassIT::isStillItsOwners)
              .map(pod -> pod.getMetadata().getName())
              .toList();
      assertThat(left).as("a fifth of 24 may go").hasSize(20);
      assertThat(left).contains("web-0", "web-1", "web-2", "web-3");
    }
  }

  private static boolean isStillItsOwners(Pod pod) {
    return pod.getMetadata().getDeletionTimestamp() == null
        && pod.getMetadata().getOwnerReferences().stream()
            .anyMatch(owner -> Boolean.TRUE.equals(owner.getController()))
        && pod.getMetadata().getOwnerReferences().size() == 1
        && "web".equals(pod.getMetadata().getLabels().get("app"))
        && !pod.getMetadata().getLabels().containsKey("apps.kruise.io/specified-delete")
        && pod.getSpec().getActiveDeadlineSeconds() == null
        && !"Failed".equals(pod.getStatus().getPhase());
  }

  @Test
  void kubectlPrintsWhatForbidsAChangeAndTheWayOut() throws Exception {
    Kubectl kate = world.as("kate", "dev");
    String always = "policy \"production\" protects it from deletion (Always): change the policy";
    String fewer = "policy \"production\" allows no fewer than";
    String web = "deployments.apps \"web\" is forbidden: ";
    denied(kate, web + always, "delete", "deployment", "web");
    denied(kate, always, "delete", "deployment", "--all");
    denied(kate, always, "delete", "clonesets", "-l", "tier=core");
    denied(kate, web + fewer, "scale", "deployment/web", "--replicas=10");
    denied(kate, web + fewer, "patch", "deployment", "web", "-p", "{\"spec\":{\"replicas\":1}}");
    denied(
        kate,
        "clonesets.apps.kruise.io \"cart\" is forbidden: " + fewer,
        "patch",
        "clonesets",
        "cart",
        "--type=json",
        "-p",
        "[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":0}]");
    denied(
        kate,
        "would no longer apply with these labels (it selects tier=core): keep the labels",
        "label",
        "deployment",
        "web",
        "tier-");
    denied(
        kate,
        fewer,
        "patch",
        "hpa",
        "web",
        "-p",
        "{\"spec\":{\"minReplicas\":1,\"maxReplicas\":2}}");
    denied(kate, "it would take along", "delete", "namespace", "prod-shop");
    denied(kate, "it would take along", "delete", "crd", "clonesets.apps.kruise.io");

    Path less = folder.resolve("less.yaml");
    String manifest = kate.ok("get", "deployment", "web", "-n", "prod-shop", "-o", "yaml").out();
    Files.writeString(less, manifest.replaceFirst("(?m)^  replicas: .*$", "  replicas: 3"));
    denied(kate, web + always, "replace", "--force", "-f", less.toString());
    Files.writeString(
        less,
        manifest
            .replaceFirst("(?m)^  replicas: .*$", "  replicas: 3")
            .replaceAll("(?m)^  (resourceVersion|uid): .*$", "")
            .replaceFirst("(?m)^status:[\\s\\S]*", ""));
    denied(kate, web + fewer, "replace", "-f", less.toString());
    denied(kate, web + fewer, "apply", "-f", less.toString());
    denied(kate, web + fewer, "apply", "-f", less.toString(), "--dry-run=server");
    Files.writeString(
        less,
        """
        {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3}}
        """);
    denied(kate, web + fewer, "apply", "--server-side", "--force-conflicts", "-f", less.toString());
    Files.writeString(less, ScaleAttacks.autoscaler(WEB, 1, 200, "more"));
    denied(kate, fewer, "apply", "--server-side", "-f", less.toString());
    Files.writeString(less, ScaleAttacks.autoscaler(WEB, 150, 200, "more"));
    kate.ok("apply", "--server-side", "-n", "prod-shop", "-f", less.toString());

    Kubectl.Result broken =
        world
            .as("fred", "sre")
            .run("label", "deployment", "web", "-n", "prod-shop", "--dry-run=server", "tier-");
    assertThat(broken.err()).as("a group is not enough, it takes a reason").contains("REASON");
  }

  @Test
  void kubectlDrainsNoMorePodsThanTheBudgetAllows() throws Exception {
    ProtectedFederation.apply(
        world.member(),
        """
        {apiVersion: v1, kind: Namespace, metadata: {name: prod-drain}}
        ---
        {apiVersion: v1, kind: Node, metadata: {name: n1}}
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: api, namespace: prod-drain}
        spec:
          replicas: 5
          selector: {matchLabels: {app: api}}
          template:
            metadata: {labels: {app: api}}
            spec: {containers: [{name: main, image: "registry.example.com/api:1"}]}
        """);
    String uid =
        world
            .member()
            .ok("get", "rs", "api", "-n", "prod-drain", "-o", "jsonpath={.metadata.uid}")
            .out();
    for (int i = 0; i < 5; i++) {
      ProtectedFederation.apply(
          world.member(),
          """
          apiVersion: v1
          kind: Pod
          metadata:
            name: api-%d
            namespace: prod-drain
            labels: {app: api}
            ownerReferences:
            - {apiVersion: apps/v1, kind: ReplicaSet, name: api, uid: %s, controller: true}
          spec: {nodeName: n1, containers: [{name: main, image: "registry.example.com/api:1"}]}
          """
              .formatted(i, uid));
    }
    Awaitility.await("all pods are seen")
        .atMost(Duration.ofSeconds(60))
        .until(() ->
            attacker.get("/api/v1/namespaces/prod-drain/pods").object().at("/items").size() == 5);

    for (int i = 0; i < 5; i++) {
      Answer tried =
          attacker.send(
              "POST",
              "/api/v1/namespaces/prod-drain/pods/api-" + i + "/eviction?dryRun=All",
              RawKube.PROTOBUF,
              "application/json",
              ScaleAttacks.eviction("api-" + i, "prod-drain"));
      assertThat(tried.status()).as("a dry run counts nothing: " + tried.text()).isEqualTo(201);
    }
    Kubectl.Result drained =
        world
            .as("kate", "dev")
            .run(
                "--server=" + world.server() + "/clusters/m1",
                "drain",
                "n1",
                "--grace-period=0",
                "--timeout=20s",
                "--pod-selector=app=api");
    assertThat(drained.exit()).as(drained.out() + drained.err()).isNotZero();
    assertThat(drained.err())
        .contains("is forbidden: policy \"pods\" lets 1 of the 5 pods of ReplicaSet \"api\" go")
        .contains("wait for replacements");
    System.out.println(drained.out() + drained.err());
    try (KubernetesClient member = world.memberClient()) {
      assertThat(
              member.pods().inNamespace("prod-drain").list().getItems().stream()
                  .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null))
          .hasSize(4);
    }
  }

  @Test
  void aStateThatIsAboutToComeIsNotDeletedUnjudged() throws Exception {
    String uid = attacker.get(WEB.path()).object().at("/metadata/uid").asText();
    Tally tally = new Tally();
    AtomicBoolean done = new AtomicBoolean();
    AtomicLong version = new AtomicLong();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        RawKube other = world.rawDirect()) {
      Future<?> writer =
          threads.submit(() -> {
            for (int i = 0; !done.get(); i++) {
              Answer written =
                  other.send(
                      "PATCH",
                      WEB.path(),
                      "application/merge-patch+json",
                      "{\"metadata\":{\"annotations\":{\"state\":\"" + i + "\"}}}");
              version.set(written.object().at("/metadata/resourceVersion").asLong());
            }
          });
      for (int i = 0; i < TRIES; i++) {
        String next = Long.toString(version.get() + 1 + i % 8);
        tally.add(
            "delete in a state that is about to come",
            attacker.send(
                "DELETE",
                WEB.path(),
                "application/json",
                "{\"preconditions\":{\"resourceVersion\":\"" + next + "\"}}"));
      }
      done.set(true);
      writer.get();
    }
    tally.print();
    assertThat(tally.succeeded()).isEmpty();
    assertThat(attacker.get(WEB.path()).object().at("/metadata/uid").asText()).isEqualTo(uid);
  }

  @Test
  void aNamespaceGetsAnOwnerThatStaysButNoneThatIsGone() {
    String namespace = "/api/v1/namespaces/prod-shop";
    String role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/everything";
    String uid = attacker.get(role).object().at("/metadata/uid").asText();
    String owned =
        "{\"metadata\":{\"ownerReferences\":[{\"apiVersion\":\"rbac.authorization.k8s.io/v1\","
            + "\"kind\":\"ClusterRole\",\"name\":\"everything\",\"uid\":\"%s\"}]}}";
    String merge = "application/merge-patch+json";
    Answer gone =
        attacker.send(
            "PATCH", namespace, merge, owned.formatted("11111111-2222-3333-4444-555555555555"));
    assertThat(gone.status()).as(gone.text()).isEqualTo(403);
    assertThat(attacker.get(namespace).object().at("/metadata/ownerReferences")).isEmpty();
    Answer stays = attacker.send("PATCH", namespace, merge, owned.formatted(uid));
    assertThat(stays.status()).as(stays.text()).isEqualTo(200);
  }

  /** Stock API servers have no such proxy: whatever reached one would be answered with 404. */
  @Test
  void onlyStreamsOfPodsPassTheProxyOfACluster() throws Exception {
    ProtectedFederation.apply(world.direct(), ProtectedFederation.clusters());
    String clusters = "/apis/cluster.karmada.io/v1alpha1/clusters";
    Awaitility.await("clusters are a kind")
        .atMost(Duration.ofSeconds(60))
        .until(() -> attacker.get(clusters).status() == 200);
    String pods = clusters + "/m1/proxy/api/v1/namespaces/prod-shop/pods";
    for (String path : List.of("/exec", "/./exec", "/%2E/exec", "//exec", "/web/exec/..", "/web")) {
      Answer refused = attacker.send("DELETE", pods + path, "", "");
      assertThat(refused.status()).as(path + ": " + refused.text()).isEqualTo(403);
      assertThat(refused.text()).as(path).contains("use the entry /clusters/m1");
    }
    assertThat(attacker.send("POST", pods + "/web/exec", "", "").status()).isEqualTo(404);
  }

  /** Tries what is to be refused, and shows what a person sees. */
  private static void denied(Kubectl kubectl, String because, String... command) {
    List<String> words = new ArrayList<>(List.of(command));
    words.addAll(List.of("-n", "prod-shop"));
    Kubectl.Result result = kubectl.run(words.toArray(String[]::new));
    System.out.println("$ kubectl " + String.join(" ", words) + "\n" + result.err());
    assertThat(result.exit()).as(result.out() + result.err()).isNotZero();
    assertThat(result.err())
        .as("kubectl %s", String.join(" ", command))
        .contains("forbidden")
        .contains(because);
  }

  private void attackPod(int number, String pods, Tally tally) {
    String name = "web-" + ThreadLocalRandom.current().nextInt(24);
    String side = ThreadLocalRandom.current().nextBoolean() ? "" : "/clusters/m1";
    String path = side + pods + "/" + name;
    String json = "application/json";
    String merge = "application/merge-patch+json";
    switch (number % POD_ATTACKS) {
      case 0 -> tally.add("delete", attacker.send("DELETE", path, "", ""));
      case 1 ->
          tally.add(
              "delete at once", attacker.send("DELETE", path + "?gracePeriodSeconds=0", "", ""));
      case 2 ->
          tally.add(
              "delete with protobuf options",
              attacker.send("DELETE", path, RawKube.PROTOBUF, json, ScaleAttacks.noGrace()));
      case 3 ->
          tally.add(
              "evict",
              attacker.send(
                  "POST",
                  path + "/eviction",
                  json,
                  "{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\",\"metadata\":{\"name\":\""
                      + name
                      + "\",\"namespace\":\"prod-shop\"}}"));
      case 4 -> tally.add("delete all", attacker.send("DELETE", side + pods, "", ""));
      case 5 ->
          tally.add(
              "delete by label",
              attacker.send("DELETE", side + pods + "?labelSelector=a%3Db", "", ""));
      case 6 ->
          tally.add(
              "delete by name in a collection",
              attacker.send(
                  "DELETE", side + pods + "?fieldSelector=metadata.name%3D" + name, "", ""));
      case 7 ->
          tally.add(
              "delete with a dry run that the body undoes",
              attacker.send(
                  "DELETE",
                  path + "?dryRun=All",
                  json,
                  "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\"}"));
      case 8 ->
          tally.add(
              "take its owner off",
              attacker.send("PATCH", path, merge, "{\"metadata\":{\"ownerReferences\":null}}"));
      case 9 ->
          tally.add(
              "take its owner off by JSON patch",
              attacker.send(
                  "PATCH",
                  path,
                  "application/json-patch+json",
                  "[{\"op\":\"remove\",\"path\":\"/metadata/ownerReferences/0\"}]"));
      case 10 -> tally.add("take its label and owner off by update", withoutOwner(path));
      case 11 ->
          tally.add(
              "relabel",
              attacker.send(
                  "PATCH",
                  path,
                  "application/strategic-merge-patch+json",
                  "{\"metadata\":{\"labels\":{\"app\":\"gone\"}}}"));
      case 12 ->
          tally.add(
              "relabel by its status",
              attacker.send(
                  "PATCH",
                  path + "/status",
                  merge,
                  "{\"metadata\":{\"labels\":{\"app\":\"gone\"}}}"));
      case 13 ->
          tally.add(
              "relabel by apply",
              attacker.send(
                  "PATCH",
                  path + "?fieldManager=attacker&force=true",
                  "application/apply-patch+yaml",
                  "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\""
                      + name
                      + "\",\"labels\":{\"app\":\"gone\"}}}"));
      case 14 ->
          tally.add(
              "have it deleted by OpenKruise",
              attacker.send(
                  "PATCH",
                  path,
                  merge,
                  "{\"metadata\":{\"labels\":{\"apps.kruise.io/specified-delete\":\"true\"}}}"));
      case 15 ->
          tally.add(
              "a deadline",
              attacker.send("PATCH", path, merge, "{\"spec\":{\"activeDeadlineSeconds\":1}}"));
      case 16 ->
          tally.add(
              "say that it has failed",
              attacker.send(
                  "PATCH", path + "/status", merge, "{\"status\":{\"phase\":\"Failed\"}}"));
      default ->
          tally.add("a dry run for later", attacker.send("DELETE", path + "?dryRun=All", "", ""));
    }
  }

  private Answer withoutOwner(String path) {
    Answer read = attacker.get(path);
    if (read.status() != 200) {
      return read;
    }
    ObjectNode pod = read.object();
    pod.withObject("/metadata").remove(List.of("ownerReferences", "labels"));
    return attacker.send("PUT", path, "application/json", pod.toString());
  }

  private void annotatePods(AtomicBoolean done) {
    try (KubernetesClient member = world.memberClient()) {
      for (int i = 0; !done.get(); i++) {
        try {
          String note = Integer.toString(i);
          member
              .pods()
              .inNamespace("prod-shop")
              .withName("web-" + i % 24)
              .edit(pod ->
                  pod.edit().editMetadata().addToAnnotations("note", note).endMetadata().build());
        } catch (KubernetesClientException | NullPointerException gone) {
          // Some pods may go.
        }
      }
    }
  }

  /** Makes what the attackers have read out of date all the time. */
  private void annotate(AtomicBoolean done) {
    try (RawKube other = world.raw("controller", "dev")) {
      for (int i = 0; !done.get(); i++) {
        Target target = TARGETS.get(i % TARGETS.size());
        other.send(
            "PATCH",
            target.path(),
            "application/merge-patch+json",
            "{\"metadata\":{\"annotations\":{\"note\":\"" + i + "\"}}}");
      }
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Somebody who does what is allowed, or nearly. */
  private void scaleWithinLimits(AtomicBoolean done) {
    try (RawKube other = world.raw("owner", "dev")) {
      while (!done.get()) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        Target target = TARGETS.get(random.nextInt(TARGETS.size()));
        other.send(
            "PATCH",
            target.path() + "/scale",
            "application/merge-patch+json",
            "{\"spec\":{\"replicas\":" + random.nextInt(85, 121) + "}}");
      }
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static ResourceDefinitionContext kind(Target target) {
    int slash = target.apiVersion().indexOf('/');
    return new ResourceDefinitionContext.Builder()
        .withGroup(target.apiVersion().substring(0, slash))
        .withVersion(target.apiVersion().substring(slash + 1))
        .withKind(target.kind())
        .withPlural(target.collection().substring(target.collection().lastIndexOf('/') + 1))
        .withNamespaced(true)
        .build();
  }

  private static int replicas(GenericKubernetesResource object) {
    Object replicas = object.get("spec", "replicas");
    return replicas instanceof Integer number ? number : 1;
  }

  /** What attacks were answered. */
  private static final class Tally {
    private final Map<String, Map<Integer, Integer>> answers = new ConcurrentHashMap<>();

    void add(String attack, Answer answer) {
      if (answer.status() >= 500 && answer.status() != 504) {
        System.out.println(attack + ": " + answer.text());
      }
      answers
          .computeIfAbsent(attack, _ -> new ConcurrentHashMap<>())
          .merge(answer.status(), 1, Integer::sum);
    }

    List<String> succeeded() {
      return answers.entrySet().stream()
          .filter(entry -> entry.getValue().keySet().stream().anyMatch(code -> code / 100 == 2))
          .map(Map.Entry::getKey)
          .toList();
    }

    void print() {
      new TreeMap<>(answers)
          .forEach((attack, codes) -> System.out.println(attack + ": " + new TreeMap<>(codes)));
    }
  }
}
