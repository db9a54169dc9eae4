package io.multicluster.authn.real;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Ticker;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.authn.Attributes;
import io.multicluster.authn.Decision;
import io.multicluster.authn.rbac.RbacInformers;
import io.multicluster.authn.rbac.RbacPolicy;
import io.multicluster.authn.real.ApiServer.Answer;
import io.multicluster.authn.review.SubjectAccessReviewAuthorizer;
import io.multicluster.authn.review.SubjectAccessReviewAuthorizer.Limits;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.user.UserInfo;
import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/**
 * Random roles, bindings and questions: what we find in our copy of the rules is what the control
 * plane answers to a SubjectAccessReview. A failure names the seed.
 */
class RbacAgreementTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RBAC = "/apis/rbac.authorization.k8s.io/v1";

  /** How many questions; more with {@code -Drbac.questions=100000}. */
  private static final int QUESTIONS = Integer.getInteger("rbac.questions", 2_000);

  private static final List<String> NAMESPACES = List.of("shop", "blog", "ops");
  private static final List<String> NAMES = List.of("a", "b", "c", "d");
  private static final List<String> VERBS =
      List.of("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection");
  private static final List<String> GROUPS = List.of("", "apps", "acme.com");
  private static final List<String> RESOURCES = List.of("pods", "deployments", "widgets");
  private static final List<String> SUBRESOURCES = List.of("", "", "log", "scale", "status");
  private static final List<String> PATHS =
      List.of("/metrics", "/logs/a", "/logs/b/c", "/healthz", "/version");
  private static final List<String> USERS = List.of("ann", "ben", "cat");
  private static final List<String> TEAMS = List.of("red", "blue", "system:authenticated");

  private final long seed = Long.getLong("rbac.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @Test
  void ourVerdictsAreThoseOfTheControlPlane() throws Exception {
    ApiServer server = ApiServer.shared();
    HttpClient administrator = server.administrator();
    try (KubernetesClient client = server.access().client()) {
      RbacPolicy policy = new RbacPolicy();
      // half before the watches begin, half while they run, then changes of all sorts
      create(server, administrator, 0, 12);
      try (RbacInformers informers = new RbacInformers(client, policy)) {
        informers.awaitSync();
        create(server, administrator, 12, 24);
        change(server, administrator);
        awaitLast(server, administrator, policy);
        compare(server, policy);
      }
    }
  }

  private void compare(ApiServer server, RbacPolicy policy) {
    SubjectAccessReviewAuthorizer reviews =
        new SubjectAccessReviewAuthorizer(
            server.reviews(),
            new Limits(10_000, Duration.ofHours(1), Duration.ofHours(1)),
            Ticker.systemTicker());
    List<Attributes> questions = Stream.generate(this::question).limit(QUESTIONS).toList();
    AtomicInteger permitted = new AtomicInteger();
    Queue<String> differences = new ConcurrentLinkedQueue<>();
    Semaphore underWay = new Semaphore(16);
    try (ExecutorService asking = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Attributes question : questions) {
        underWay.acquireUninterruptibly();
        asking.execute(() -> {
          try {
            Decision theirs = reviews.authorize(question);
            Decision ours = policy.decide(question);
            if (theirs.allowed()) {
              permitted.incrementAndGet();
            }
            // which of several bindings allows is left to chance there
            boolean same =
                theirs.allowed()
                    ? ours.allowed()
                    : normal(ours.reason()).equals(normal(theirs.reason()));
            if (!same) {
              differences.add(question + "\n  control plane: " + theirs + "\n  here: " + ours);
            }
          } catch (RuntimeException e) {
            differences.add(question + "\n  " + e);
          } finally {
            underWay.release();
          }
        });
      }
    }
    int allowed = permitted.get();
    assertThat(differences).as("seed %s", seed).isEmpty();
    assertThat(allowed)
        .as("seed %s: both answers occur", seed)
        .isBetween(QUESTIONS / 20, QUESTIONS * 19 / 20);
    System.err.printf(
        "%d questions, %d allowed, %d ns a verdict, seed %d%n",
        QUESTIONS, allowed, nanosOfAVerdict(policy, questions), seed);
  }

  /** For the report only: of one thread, once the code is warm. */
  private static long nanosOfAVerdict(RbacPolicy policy, List<Attributes> questions) {
    long best = Long.MAX_VALUE;
    for (int round = 0; round < 10; round++) {
      int allowed = 0;
      long begun = System.nanoTime();
      for (Attributes question : questions) {
        allowed += policy.decide(question).allowed() ? 1 : 0;
      }
      long nanos = System.nanoTime() - begun;
      assertThat(allowed).isPositive();
      best = Math.min(best, nanos / questions.size());
    }
    return best;
  }

  /** Several errors come in any order. */
  private static String normal(String reason) {
    return String.join(
        ",", new TreeSet<>(List.of(reason.replaceAll("RBAC: |[\\[\\]]", "").split(", "))));
  }

  private void create(ApiServer server, HttpClient administrator, int from, int to)
      throws IOException, InterruptedException {
    for (String namespace : NAMESPACES) {
      server.post(
          administrator,
          "/api/v1/namespaces",
          JSON.writeValueAsString(Map.of("metadata", Map.of("name", namespace))));
    }
    for (int i = from; i < to; i++) {
      String namespace = any(NAMESPACES);
      created(server.post(administrator, RBAC + "/clusterroles", role("r" + i, true)));
      created(
          server.post(
              administrator, RBAC + "/namespaces/" + namespace + "/roles", role("r" + i, false)));
      created(
          server.post(
              administrator, RBAC + "/clusterrolebindings", binding("b" + i, "ClusterRole")));
      created(
          server.post(
              administrator,
              RBAC + "/namespaces/" + any(NAMESPACES) + "/rolebindings",
              binding("b" + i, random.nextBoolean() ? "ClusterRole" : "Role")));
    }
  }

  private void change(ApiServer server, HttpClient administrator)
      throws IOException, InterruptedException {
    for (int i = 0; i < 24; i += 5) {
      server.delete(administrator, RBAC + "/clusterroles/r" + i);
      server.delete(administrator, RBAC + "/clusterrolebindings/b" + (i + 1));
      server.put(administrator, RBAC + "/clusterroles/r" + (i + 2), role("r" + (i + 2), true));
    }
  }

  /** Watches of the four kinds run side by side: a last object of each shows that all came. */
  private void awaitLast(ApiServer server, HttpClient administrator, RbacPolicy policy)
      throws IOException, InterruptedException {
    String rules =
        ",\"rules\":[{\"verbs\":[\"last\"],\"apiGroups\":[\"\"],\"resources\":[\"pods\"]}]}";
    String last = "{\"metadata\":{\"name\":\"last\"}";
    created(server.post(administrator, RBAC + "/clusterroles", last + rules));
    created(server.post(administrator, RBAC + "/namespaces/ops/roles", last + rules));
    created(server.post(administrator, RBAC + "/clusterrolebindings", lastBinding("ClusterRole")));
    created(server.post(administrator, RBAC + "/namespaces/ops/rolebindings", lastBinding("Role")));
    for (String verified : List.of("", "ops")) {
      UserInfo last1 = user(verified.isEmpty() ? "last-ClusterRole" : "last-Role");
      Awaitility.await()
          .atMost(Duration.ofMinutes(2))
          .until(() ->
              policy
                  .decide(
                      Attributes.ofResource(
                          last1, "last", GroupResource.PODS, "v1", "", verified, ""))
                  .allowed());
    }
  }

  private static String lastBinding(String kind) {
    return """
    {"metadata":{"name":"last"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",
     "kind":"%1$s","name":"last"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io",
     "kind":"User","name":"last-%1$s"}]}
    """
        .formatted(kind);
  }

  private String role(String name, boolean cluster) throws IOException {
    ObjectNode role = JSON.createObjectNode();
    role.putObject("metadata").put("name", name);
    ArrayNode rules = role.putArray("rules");
    for (int i = random.nextInt(4); i >= 0; i--) {
      ObjectNode rule = rules.addObject();
      put(rule, "verbs", VERBS, 3, true);
      if (cluster && random.nextInt(4) == 0) {
        ArrayNode urls = rule.putArray("nonResourceURLs");
        String path = any(PATHS);
        switch (random.nextInt(4)) {
          case 0 -> urls.add("*");
          case 1 -> urls.add(path.substring(0, path.length() - 1) + "*");
          case 2 -> urls.add("/logs/*");
          default -> urls.add(path);
        }
      } else {
        put(rule, "apiGroups", GROUPS, 2, true);
        ArrayNode resources = rule.putArray("resources");
        for (int n = random.nextInt(2); n >= 0; n--) {
          resources.add(resource());
        }
        if (random.nextInt(3) == 0) {
          put(rule, "resourceNames", NAMES, 2, false);
        }
      }
    }
    return JSON.writeValueAsString(role);
  }

  private String resource() {
    String subresource = any(SUBRESOURCES);
    return switch (random.nextInt(8)) {
      case 0 -> "*";
      case 1 -> "*/" + (subresource.isEmpty() ? "scale" : subresource);
      default -> subresource.isEmpty() ? any(RESOURCES) : any(RESOURCES) + "/" + subresource;
    };
  }

  private String binding(String name, String kind) throws IOException {
    ObjectNode binding = JSON.createObjectNode();
    binding.putObject("metadata").put("name", name);
    // now and then to a role that is not there
    binding
        .putObject("roleRef")
        .put("apiGroup", "rbac.authorization.k8s.io")
        .put("kind", kind)
        .put("name", "r" + random.nextInt(26));
    ArrayNode subjects = binding.putArray("subjects");
    for (int i = random.nextInt(2); i >= 0; i--) {
      switch (random.nextInt(6)) {
        case 0 ->
            subjects
                .addObject()
                .put("kind", "ServiceAccount")
                .put("namespace", any(NAMESPACES))
                .put("name", any(NAMES));
        case 1, 2 ->
            subjects
                .addObject()
                .put("kind", "Group")
                .put("apiGroup", "rbac.authorization.k8s.io")
                .put("name", random.nextInt(8) == 0 ? any(TEAMS) : "red");
        default ->
            subjects
                .addObject()
                .put("kind", "User")
                .put("apiGroup", "rbac.authorization.k8s.io")
                .put("name", any(USERS));
      }
    }
    return JSON.writeValueAsString(binding);
  }

  private void put(ObjectNode rule, String key, List<String> words, int most, boolean all) {
    ArrayNode array = rule.putArray(key);
    if (all && random.nextInt(8) == 0) {
      array.add("*");
    }
    for (int i = random.nextInt(most); i >= 0; i--) {
      array.add(any(words));
    }
  }

  private Attributes question() {
    UserInfo user = randomUser();
    if (random.nextInt(6) == 0) {
      return Attributes.ofPath(user, any(List.of("get", "post", "list")), any(PATHS));
    }
    String verb = any(VERBS);
    return Attributes.ofResource(
        user,
        verb,
        new GroupResource(any(GROUPS), any(RESOURCES)),
        "v1",
        any(SUBRESOURCES),
        random.nextInt(4) == 0 ? "" : any(NAMESPACES),
        verb.equals("create") || random.nextInt(4) == 0 ? "" : any(NAMES));
  }

  private UserInfo randomUser() {
    return switch (random.nextInt(8)) {
      case 0 -> user("system:serviceaccount:" + any(NAMESPACES) + ":" + any(NAMES));
      case 1 -> user(any(USERS), "red", "blue");
      case 2 -> user(any(USERS), "system:masters");
      case 3 -> user("nobody", any(TEAMS));
      default -> user(any(USERS), any(TEAMS));
    };
  }

  private static UserInfo user(String name, String... groups) {
    return new UserInfo(name, "", List.of(groups), Map.of());
  }

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private static void created(Answer answer) {
    assertThat(answer.code()).as(answer.body().toString()).isEqualTo(201);
  }
}
