package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.server.e2e.Kubectl.Result;
import io.multicluster.testclusters.federation.FederationWorld;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.function.Executable;

/** What the demo promises, told by one release of kubectl. The same on every kind of clusters. */
final class DemoContract {
  private final DemoProcess demo;
  private final Kubectl user;
  private final Kubectl admin;
  private final String suffix;

  DemoContract(DemoProcess demo, String minor) {
    this.demo = demo;
    this.user = Kubectl.of(minor, demo.kubeconfig());
    this.admin = user.as(demo.adminKubeconfig());
    this.suffix = minor.replace('.', '-');
  }

  List<DynamicNode> tests() {
    List<DynamicNode> tests = new ArrayList<>();
    add(tests, "api-resources lists exactly what is offered", this::apiResources);
    add(tests, "get clone prints the CRD's columns", this::cloneColumns);
    add(tests, "get pod shows the cluster", this::podColumns);
    add(tests, "get pod -o yaml is the member's object plus its cluster", this::podYaml);
    add(tests, "get pod -o wide adds the rest", this::podWide);
    add(tests, "events come from the members", this::events);
    add(tests, "describe pod shows the member's events", this::describe);
    add(tests, "pages, selectors and orders go over all members", this::merged);
    add(tests, "wait knows pods of all members", this::waiting);
    add(tests, "apply, edit, patch and delete work on federated kinds", this::federatedWrites);
    add(tests, "explain knows the offered kinds", this::explain);
    add(tests, "scale is followed by pods in the members", this::scale);
    add(tests, "what a policy protects stays", this::protection);
    add(tests, "without a certificate: 401", this::anonymous);
    add(tests, "with another CA's certificate: refused", this::foreignCertificate);
    add(tests, "without permission: kube-apiserver's 403", this::forbidden);
    return tests;
  }

  private static void add(List<DynamicNode> tests, String name, Executable test) {
    tests.add(DynamicTest.dynamicTest(name, test));
  }

  private void apiResources() {
    List<String> rows =
        user.ok("api-resources", "--no-headers").lines().stream()
            .map(line -> line.replaceAll(" +", " "))
            .sorted()
            .toList();
    assertThat(rows)
        .containsExactlyInAnyOrder(
            "configmaps cm v1 true ConfigMap",
            "events ev v1 true Event",
            "namespaces ns v1 false Namespace",
            "pods po v1 true Pod",
            "secrets v1 true Secret",
            "clonesets clone apps.kruise.io/v1alpha1 true CloneSet",
            "workloadscalers wls crd.xiaohongshu.com/v1alpha1 true WorkloadScaler");
  }

  private void cloneColumns() {
    List<String> lines = user.ok("get", "clone", "rsi-app").lines();
    assertThat(columns(lines.getFirst()))
        .containsExactly("NAME", "DESIRED", "UPDATED", "UPDATED_READY", "READY", "TOTAL", "AGE");
    assertThat(lines.get(1)).startsWith("rsi-app ");
  }

  private void podColumns() {
    List<String> lines = user.ok("get", "pod").lines();
    assertThat(columns(lines.getFirst()))
        .containsExactly("NAME", "READY", "STATUS", "RESTARTS", "CLUSTER", "AGE");
    assertThat(lines).anyMatch(line -> line.startsWith("rsi-app-") && line.contains(" test1 "));
    assertThat(lines).anyMatch(line -> line.startsWith("rsi-app-") && line.contains(" test3 "));
  }

  private void podWide() {
    assertThat(
            columns(
                user.ok("get", "pod", "-o", "wide")
                    .lines()
                    .getFirst()
                    .replace("NOMINATED NODE", "NOMINATED_NODE")
                    .replace("READINESS GATES", "READINESS_GATES")))
        .containsExactly(
            "NAME",
            "READY",
            "STATUS",
            "RESTARTS",
            "CLUSTER",
            "AGE",
            "IP",
            "NODE",
            "NOMINATED_NODE",
            "READINESS_GATES");
  }

  private void podYaml() {
    String name = aPodOf("test1");
    List<String> ours = user.ok("get", "pod", name, "-o", "yaml").lines();
    List<String> members =
        user.as(demo.clusterKubeconfig("test1")).ok("get", "pod", name, "-o", "yaml").lines();
    assertThat(ours)
        .contains(
            "    multicluster.io/cluster: test1",
            "    resource.karmada.io/cached-from-cluster: test1");
    List<String> without = new ArrayList<>(ours);
    without.removeIf(line ->
        line.contains("multicluster.io/cluster:")
            || line.contains("resource.karmada.io/cached-from-cluster:")
            || line.contains("  resourceVersion:"));
    List<String> expected = new ArrayList<>(members);
    expected.removeIf(line -> line.contains("  resourceVersion:"));
    // A pod without annotations or labels of its own gains the key as well.
    if (!expected.contains("  annotations:")) {
      without.remove("  annotations:");
    }
    assertThat(without).isEqualTo(expected);
  }

  private void events() {
    List<String> lines = user.ok("get", "events").lines();
    assertThat(columns(lines.getFirst().replace("LAST SEEN", "LAST_SEEN")))
        .startsWith("LAST_SEEN", "TYPE", "REASON", "OBJECT")
        .contains("MESSAGE", "CLUSTER");
    assertThat(lines).anyMatch(line -> line.contains("pod/rsi-app-"));
    for (String member : List.of("test1", "test3")) {
      String pod = aPodOf(member);
      assertThat(user.ok("events", "--for", "pod/" + pod).out()).contains("Scheduled", pod);
    }
    assertThat(
            user.ok(
                    "get",
                    "events",
                    "--no-headers",
                    "--chunk-size=1",
                    "-o",
                    "custom-columns=C:.metadata.labels.multicluster\\.io/cluster")
                .lines())
        .contains("test1", "test3");
  }

  /** What kubectl says of the pods of all members is what it says of each, put together. */
  private void merged() {
    // An order that has nothing to do with the one in which the gateway lists.
    String byVersion = "--sort-by=.metadata.resourceVersion";
    // Earlier tests may have left pods on their way out.
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(() -> {
          List<String> union = new ArrayList<>();
          for (String member : FederationWorld.MEMBERS) {
            union.addAll(pods(user.as(demo.clusterKubeconfig(member))));
          }
          assertThat(union).isNotEmpty();
          assertThat(pods(user)).containsExactlyInAnyOrderElementsOf(union);
          assertThat(pods(user, "--chunk-size=1")).isEqualTo(pods(user));
          String of = "multicluster.io/cluster in (test1,test3),app=rsi-app";
          assertThat(pods(user, "-l", of, "--chunk-size=2"))
              .containsExactlyInAnyOrderElementsOf(
                  union.stream().filter(pod -> pod.startsWith("default rsi-app-")).toList());
          String node = node(union.getFirst());
          assertThat(pods(user, "--field-selector", "spec.nodeName=" + node))
              .containsExactlyInAnyOrderElementsOf(
                  union.stream().filter(pod -> node(pod).equals(node)).toList());
          assertThat(column("RV:.metadata.resourceVersion", byVersion))
              .hasSizeGreaterThan(1)
              .isSorted();
          assertThat(
                  user.ok("get", "pod", "--no-headers", byVersion).lines().stream()
                      .map(line -> columns(line).getFirst())
                      .toList())
              .isEqualTo(column("NAME:.metadata.name", byVersion));
        });
  }

  /** Namespace, name, node and UID of all pods. */
  private static List<String> pods(Kubectl kubectl, String... more) {
    List<String> arguments = new ArrayList<>(List.of("get", "pod", "-A", "--no-headers", "-o"));
    arguments.add(
        "custom-columns=NS:.metadata.namespace,N:.metadata.name,ON:.spec.nodeName,U:.metadata.uid");
    arguments.addAll(List.of(more));
    return kubectl.ok(arguments.toArray(new String[0])).lines().stream()
        .map(line -> line.replaceAll(" +", " "))
        .toList();
  }

  private static String node(String pod) {
    return pod.split(" ", -1)[2];
  }

  private List<String> column(String column, String order) {
    return user.ok("get", "pod", "--no-headers", "-o", "custom-columns=" + column, order).lines();
  }

  private void waiting() {
    for (String member : List.of("test1", "test3")) {
      String name = aPodOf(member);
      String pod = "pod/" + name;
      assertThat(user.ok("wait", "--for=condition=Ready", pod, "--timeout=60s").out())
          .isEqualTo(pod + " condition met\n");
      assertThat(
              user.ok("wait", "--for=jsonpath={.status.phase}=Running", pod, "--timeout=60s").out())
          .isEqualTo(pod + " condition met\n");
      Result never = user.run("wait", "--for=condition=Never", pod, "--timeout=1s");
      assertThat(never.exit()).isEqualTo(1);
      assertThat(never.err()).contains("timed out waiting for the condition on pods/" + name);
    }
  }

  private void describe() {
    String out = user.ok("describe", "pod", aPodOf("test1")).out();
    assertThat(out).contains("multicluster.io/cluster=test1").contains("Scheduled");
  }

  private void explain() {
    assertThat(user.ok("explain", "configmap.data").out())
        .contains("ConfigMap", "<map[string]string>");
    assertThat(user.ok("explain", "clone.spec").out()).contains("replicas");
  }

  private void federatedWrites() throws IOException {
    String name = "settings-" + suffix;
    Path file = Files.createTempFile("configmap", ".yaml");
    Files.writeString(file, configMap(name, "red"));
    assertThat(user.ok("apply", "-f", file.toString()).out()).contains("created");
    assertThat(user.ok("apply", "-f", file.toString()).out()).contains("unchanged");
    Files.writeString(file, configMap(name, "blue"));
    assertThat(user.ok("apply", "-f", file.toString()).out()).contains("configured");
    assertThat(user.ok("apply", "--server-side", "--force-conflicts", "-f", file.toString()).out())
        .contains("serverside-applied");
    Result edited =
        user.run("", Map.of("KUBE_EDITOR", "sed -i s/blue/green/"), "edit", "configmap", name);
    assertThat(edited.out()).as(edited.err()).contains("edited");
    assertThat(user.ok("patch", "configmap", name, "-p", "{\"data\":{\"shape\":\"round\"}}").out())
        .contains("patched");
    assertThat(user.ok("get", "configmap", name, "-o", "jsonpath={.data}").out())
        .contains("\"colour\":\"green\"")
        .contains("\"shape\":\"round\"");
    assertThat(user.ok("delete", "configmap", name).out()).contains("deleted");
    assertThat(user.run("get", "configmap", name).err())
        .contains("Error from server (NotFound): configmaps \"" + name + "\" not found");
  }

  private static String configMap(String name, String colour) {
    return """
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: %s
    data:
      colour: %s
    """
        .formatted(name, colour);
  }

  private void protection() {
    Result deletion = admin.run("delete", "clone", "rsi-app");
    assertThat(deletion.exit()).isEqualTo(1);
    assertThat(deletion.err())
        .startsWith(
            "Error from server (Forbidden): clonesets.apps.kruise.io \"rsi-app\" is forbidden: policy"
                + " \"demo\" protects it from deletion (Always): change the policy");
    Result scaling = admin.run("scale", "clone", "rsi-app", "--replicas=0");
    assertThat(scaling.exit()).isEqualTo(1);
    assertThat(scaling.err()).contains("policy \"demo\" allows no fewer than 2 replicas");
  }

  private void scale() {
    String[] ofTest1 = {"get", "pod", "-w", "-l", "multicluster.io/cluster=test1", "-o"};
    try (Kubectl.Following watch = user.follow("get", "pod", "-w");
        Kubectl.Following wide = user.follow(with(ofTest1, "wide"));
        Kubectl.Following json = user.follow(with(ofTest1, "json", "--output-watch-events"));
        Kubectl.Following names = user.follow(with(ofTest1, "name", "--watch-only"))) {
      watch.await("NAME +READY +STATUS +RESTARTS +CLUSTER +AGE *");
      wide.await("NAME +READY +STATUS +RESTARTS +CLUSTER +AGE +IP +NODE .*");
      json.await(".*\"type\": *\"ADDED\".*");
      user.ok("scale", "clone", "rsi-app", "--replicas=8");
      watch.await("rsi-app-\\S+ +2/2 +Running +0 +test\\d .*");
      wide.await("rsi-app-\\S+ +0/2 +Pending +0 +test1 .*");
      wide.await("rsi-app-\\S+ +2/2 +Running +0 +test1 .*");
      json.await(".*\"type\": *\"MODIFIED\".*");
      names.await("pod/rsi-app-\\S+");
      eventually(() -> runningPods() == 8);
      user.ok("scale", "clone", "rsi-app", "--replicas=4");
      eventually(() -> runningPods() == 4);
      json.await(".*\"type\": *\"DELETED\".*");
    }
  }

  private static String[] with(String[] words, String... more) {
    return Stream.concat(Stream.of(words), Stream.of(more)).toArray(String[]::new);
  }

  private long runningPods() {
    return user.ok("get", "pod", "--no-headers").lines().stream()
        .filter(line -> line.startsWith("rsi-app-") && line.contains("Running"))
        .count();
  }

  /** Without kubectl, which asks for a name and a password instead of showing the answer. */
  private void anonymous() throws Exception {
    String kubeconfig = Files.readString(demo.kubeconfig());
    URI pods = URI.create(value(kubeconfig, "server").replace("\"", "") + "/api/v1/pods");
    HttpResponse<String> answer;
    try (HttpClient client = HttpClient.newBuilder().sslContext(trusting(kubeconfig)).build()) {
      answer = client.send(HttpRequest.newBuilder(pods).build(), BodyHandlers.ofString());
    }
    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(answer.body())
        .contains("\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401");
  }

  private static SSLContext trusting(String kubeconfig) throws Exception {
    byte[] authority =
        Base64.getDecoder()
            .decode(value(kubeconfig, "certificate-authority-data").replace("\"", ""));
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry(
        "gateway",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(authority)));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  /** The member's administrator has a certificate of the member's own CA. */
  private void foreignCertificate() throws IOException {
    String gateway = Files.readString(demo.kubeconfig());
    String foreign = Files.readString(demo.clusterKubeconfig("test1"));
    String mixed = gateway;
    for (String key : List.of("client-certificate-data", "client-key-data")) {
      mixed = mixed.replaceAll(key + ": *\\S+", key + ": " + value(foreign, key));
    }
    Path file = Files.createTempFile("foreign", ".kubeconfig");
    Files.writeString(file, mixed);
    Result result = user.as(file).run("get", "--raw", "/api/v1/pods");
    assertThat(result.exit()).isNotZero();
    assertThat(result.err()).contains("Unauthorized");
  }

  private static String value(String kubeconfig, String key) {
    return kubeconfig
        .lines()
        .filter(line -> line.strip().startsWith(key + ":"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElseThrow();
  }

  private void forbidden() {
    Result result = admin.run("get", "secrets", "-n", "kube-system", "--as=nobody-" + suffix);
    assertThat(result.err())
        .contains(
            "Error from server (Forbidden): secrets is forbidden: User \"nobody-"
                + suffix
                + "\" cannot list resource \"secrets\" in API group \"\" in the namespace \"kube-system\"");
  }

  private String aPodOf(String cluster) {
    return user.ok("get", "pod", "-l", "multicluster.io/cluster=" + cluster, "-o", "name")
        .lines()
        .getFirst()
        .replace("pod/", "");
  }

  private static List<String> columns(String header) {
    return List.of(header.strip().split(" +", -1));
  }

  private static void eventually(Callable<Boolean> condition) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(500))
        .until(condition);
  }
}
