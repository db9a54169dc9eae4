package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.multicluster.server.TestGateway;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import io.multicluster.testclusters.simulated.SimulatedClusters;
import io.multicluster.wire.json.JsonKind;
import io.multicluster.wire.json.JsonTranscoder;
import io.multicluster.wire.json.KubernetesTypes;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.WatchFrameSplitter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same questions to a kube-apiserver and to a gateway with that one member: the answers are
 * equal, but for resourceVersions, ages and what the gateway adds.
 */
@TestInstance(Lifecycle.PER_CLASS)
class SameAnswersIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PROTOBUF = "application/vnd.kubernetes.protobuf";
  private static final String TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
  private static final String METADATA_LIST =
      "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
  private static final String METADATA =
      "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";

  private static final String NOT_ACCEPTABLE = "none of the media types that are there";
  private static final String MEMBER = "the-member";

  @TempDir private static Path folder;
  private final SimulatedClusters simulated = new SimulatedClusters();
  private final List<AutoCloseable> started = new ArrayList<>();
  private final Map<String, String> directValues = new HashMap<>();
  private final Map<String, String> gatewayValues = new HashMap<>();
  private KubernetesClient direct;
  private KubernetesClient gateway;

  @BeforeAll
  void start() throws Exception {
    RealClusters.assumeAvailable();
    TestCluster controlPlane =
        simulated.start(ClusterSpec.bare("control-plane", folder.resolve("cp")));
    started.add(controlPlane);
    TestCluster member =
        new RealClusters(System.err::println)
            .start(ClusterSpec.bare(MEMBER, folder.resolve("member")));
    started.add(member);
    direct = client(member.access().kubeconfig());
    populate();
    TestGateway running =
        TestGateway.start(
            folder,
            controlPlane,
            List.of(member),
            "{cached: [pods, events, events.events.k8s.io]}");
    started.add(running);
    gateway = client(running.kubeconfig().yaml());
    remember("first");
    change();
    remember("rv");
  }

  @AfterAll
  void stop() throws Exception {
    for (AutoCloseable part : started.reversed()) {
      part.close();
    }
    simulated.close();
  }

  private KubernetesClient client(String kubeconfig) {
    Config config = Config.fromKubeconfig(kubeconfig);
    config.setRequestRetryBackoffLimit(0);
    KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build();
    started.add(client);
    return client;
  }

  private void populate() {
    for (String namespace : List.of("one", "two", "three")) {
      direct
          .resource(
              new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
          .create();
    }
    for (int i = 0; i < 12; i++) {
      Pod pod =
          direct
              .resource(
                  new PodBuilder()
                      .withNewMetadata()
                      .withName("p" + i)
                      .withNamespace(List.of("one", "two", "three").get(i % 3))
                      .addToLabels("app", i % 2 == 0 ? "a" : "b")
                      .addToLabels("tier", Integer.toString(i))
                      .addToAnnotations("note", "<&> \u00e9 \u2028 \"quoted\"")
                      .endMetadata()
                      .withNewSpec()
                      .withNodeName(i % 4 == 0 ? null : "node-" + i % 4)
                      .withServiceAccountName(i % 5 == 0 ? "robot" : null)
                      .withHostNetwork(i == 3 ? true : null)
                      .withRestartPolicy(i == 4 ? "Never" : "Always")
                      .addNewContainer()
                      .withName("main")
                      .withImage("registry.example.com/web:" + i)
                      .addNewEnv()
                      .withName("EMPTY")
                      .endEnv()
                      .endContainer()
                      .endSpec()
                      .build())
              .create();
      if (i % 3 != 2) {
        direct
            .resource(
                new PodBuilder(pod)
                    .withNewStatus()
                    .withPhase(i % 2 == 0 ? "Running" : "Failed")
                    .withPodIP("10.0.0." + i)
                    .addNewPodIP("10.0.0." + i)
                    .withStartTime("2026-01-02T03:04:05Z")
                    .addNewContainerStatus()
                    .withName("main")
                    .withImage("web")
                    .withImageID("")
                    .withReady(true)
                    .withRestartCount(i)
                    .withNewState()
                    .withNewRunning("2026-01-02T03:04:06Z")
                    .endState()
                    .endContainerStatus()
                    .addNewCondition()
                    .withType("Ready")
                    .withStatus("True")
                    .endCondition()
                    .endStatus()
                    .build())
            .updateStatus();
      }
      direct
          .resource(
              new EventBuilder()
                  .withNewMetadata()
                  .withName("e" + i)
                  .withNamespace(pod.getMetadata().getNamespace())
                  .endMetadata()
                  .withNewInvolvedObject()
                  .withApiVersion("v1")
                  .withKind("Pod")
                  .withName(pod.getMetadata().getName())
                  .withNamespace(pod.getMetadata().getNamespace())
                  .withUid(pod.getMetadata().getUid())
                  .withFieldPath("spec.containers{main}")
                  .endInvolvedObject()
                  .withReason(i % 2 == 0 ? "Pulled" : "BackOff")
                  .withMessage("a message\nof two lines")
                  .withType(i % 2 == 0 ? "Normal" : "Warning")
                  .withNewSource("kubelet", "node-1")
                  .withFirstTimestamp("2026-01-02T03:04:05Z")
                  .withLastTimestamp("2026-01-02T03:05:05Z")
                  .withCount(1 + i)
                  .build())
          .create();
    }
  }

  private void change() {
    for (String name : List.of("p0", "p3")) {
      direct
          .pods()
          .inNamespace("one")
          .withName(name)
          .edit(pod ->
              new PodBuilder(pod).editMetadata().addToLabels("app", "c").endMetadata().build());
    }
    direct.pods().inNamespace("two").withName("p1").withGracePeriod(0).delete();
  }

  /** Once both show the same, keeps the resourceVersion that each has for it. */
  private void remember(String name) {
    for (String kind : List.of("pods", "events")) {
      String target = "/api/v1/" + kind + "?limit=500";
      Awaitility.await("the gateway to show the same " + kind)
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() ->
              assertThat(comparable(send(gateway, target, "application/json")))
                  .isEqualTo(comparable(send(direct, target, "application/json"))));
    }
    remember(direct, directValues, name);
    remember(gateway, gatewayValues, name);
  }

  /** Positions in events and in pods are two things, even where one server counts them together. */
  private static void remember(KubernetesClient client, Map<String, String> values, String name) {
    for (String kind : List.of("pods", "events")) {
      JsonNode list = tree(send(client, "/api/v1/" + kind + "?limit=4", "application/json"));
      values.put(kind + name, list.at("/metadata/resourceVersion").asText());
      values.put(kind + "continue", list.at("/metadata/continue").asText());
    }
  }

  @TestFactory
  List<DynamicTest> listsAndGets() {
    Set<Question> questions = new LinkedHashSet<>();
    List<String> paths =
        List.of("/api/v1/pods", "/api/v1/namespaces/one/pods", "/api/v1/namespaces/none/pods");
    List<String> events = List.of("/api/v1/events", "/apis/events.k8s.io/v1/namespaces/two/events");
    for (String options : OPTIONS) {
      for (String accept : List.of("application/json", PROTOBUF, TABLE)) {
        questions.add(new Question(paths.get(0), options, accept));
      }
      questions.add(new Question(events.get(0), options, "application/json"));
      if (options.contains("{continue}")) {
        continue; // A token is for the collection that it came from.
      }
      questions.add(new Question(paths.get(1), options, PROTOBUF));
      questions.add(new Question(paths.get(1), options, TABLE));
      questions.add(new Question(events.get(1), options, TABLE));
    }
    for (String selector : LABELS) {
      String options = "labelSelector=" + encode(selector);
      questions.add(new Question(paths.get(0), options, "application/json"));
      questions.add(new Question(paths.get(1), options, TABLE));
      questions.add(new Question(paths.get(0), options + "&limit=100", PROTOBUF));
    }
    for (String selector : POD_FIELDS) {
      String options = "fieldSelector=" + encode(selector);
      paths.forEach(path -> questions.add(new Question(path, options, "application/json")));
      questions.add(new Question(paths.get(0), options + "&limit=2", TABLE));
    }
    for (String selector : EVENT_FIELDS) {
      String options = "fieldSelector=" + encode(selector);
      events.forEach(path -> questions.add(new Question(path, options, "application/json")));
    }
    for (String accept : ACCEPTS) {
      questions.add(new Question(paths.get(0), "", accept));
      questions.add(new Question("/api/v1/namespaces/one/pods/p3", "", accept));
      questions.add(new Question("/apis/events.k8s.io/v1/events", "", accept));
      questions.add(new Question("/api/v1/namespaces/two/events/e4", "", accept));
    }
    for (String options : GETS) {
      for (String accept : List.of("application/json", PROTOBUF, TABLE)) {
        questions.add(new Question("/api/v1/namespaces/one/pods/p3", options, accept));
        questions.add(new Question("/api/v1/namespaces/one/pods/missing", options, accept));
      }
    }
    return questions.stream()
        .map(question -> DynamicTest.dynamicTest(question.toString(), () -> compare(question)))
        .toList();
  }

  @TestFactory
  List<DynamicTest> watches() {
    Set<Question> questions = new LinkedHashSet<>();
    for (String options : WATCHES) {
      String all = "watch=1&timeoutSeconds=2&" + options;
      for (String accept : List.of("application/json", TABLE, PROTOBUF + ";stream=watch")) {
        questions.add(new Question("/api/v1/pods", all, accept));
      }
      questions.add(new Question("/api/v1/namespaces/one/pods", all, METADATA));
      questions.add(new Question("/apis/events.k8s.io/v1/events", all, "application/json"));
      questions.add(new Question("/api/v1/watch/namespaces/one/pods", all, "application/json"));
    }
    List<DynamicTest> tests = new ArrayList<>();
    List<CompletableFuture<HttpResponse<byte[]>>> running = new ArrayList<>();
    for (Question question : questions) {
      // Many at the same time, as each takes its two seconds, but no more than a connection allows.
      if (running.size() > 60) {
        running.forEach(SameAnswersIT::finish);
        running.clear();
      }
      CompletableFuture<HttpResponse<byte[]>> expected =
          start(direct, question.target(directValues), question.accept);
      CompletableFuture<HttpResponse<byte[]>> actual =
          start(gateway, question.target(gatewayValues), question.accept);
      running.add(expected);
      running.add(actual);
      tests.add(
          DynamicTest.dynamicTest(
              question.toString(), () -> assertSame(finish(expected), finish(actual))));
    }
    return tests;
  }

  private void compare(Question question) {
    assertSame(
        send(direct, question.target(directValues), question.accept),
        send(gateway, question.target(gatewayValues), question.accept));
  }

  private static void assertSame(HttpResponse<byte[]> expected, HttpResponse<byte[]> actual) {
    assertThat(comparable(actual)).isEqualTo(comparable(expected));
  }

  /**
   * What is asked; {@code {rv}}, {@code {first}} and {@code {continue}} stand for what the server
   * itself said.
   */
  private record Question(String path, String options, String accept) {
    String target(Map<String, String> values) {
      String kind = path.contains("events") ? "events" : "pods";
      String target = path + (options.isEmpty() ? "" : "?" + options);
      for (String name : List.of("first", "rv", "continue")) {
        target = target.replace("{" + name + "}", encode(values.getOrDefault(kind + name, "")));
      }
      return target;
    }

    @Override
    public String toString() {
      return path + "?" + options + " as " + accept;
    }
  }

  private static final List<String> OPTIONS =
      List.of(
          "",
          "limit=3",
          "limit=3&resourceVersion=0",
          "limit=100",
          "limit=0",
          "limit=-1",
          "limit=abc",
          "resourceVersion=0",
          "resourceVersion={rv}",
          "resourceVersion={rv}&resourceVersionMatch=Exact",
          "resourceVersion={rv}&resourceVersionMatch=Exact&limit=2",
          "resourceVersion={rv}&resourceVersionMatch=NotOlderThan",
          "resourceVersion={rv}&resourceVersionMatch=NotOlderThan&limit=2",
          "resourceVersion={first}&resourceVersionMatch=Exact",
          "resourceVersion={first}&resourceVersionMatch=Exact&limit=5",
          "resourceVersion={first}&resourceVersionMatch=NotOlderThan",
          "resourceVersion={first}&limit=2",
          "resourceVersion={first}",
          "resourceVersion=0&resourceVersionMatch=NotOlderThan",
          "resourceVersion=0&resourceVersionMatch=NotOlderThan&limit=3",
          "resourceVersion=0&resourceVersionMatch=Exact",
          "resourceVersionMatch=Exact",
          "resourceVersionMatch=NotOlderThan",
          "resourceVersionMatch=Newest&resourceVersion=0",
          "resourceVersionMatch=Exact&continue={continue}",
          "resourceVersion=abc",
          "resourceVersion=-1",
          "resourceVersion=abc&resourceVersionMatch=Exact",
          "continue={continue}",
          "continue={continue}&limit=2",
          "continue={continue}&resourceVersion=1",
          "continue={continue}&resourceVersion=0",
          "continue=garbage",
          "pretty=true",
          "pretty=1",
          "pretty=false",
          "timeoutSeconds=5",
          "timeoutSeconds=x",
          "allowWatchBookmarks=true",
          "sendInitialEvents=true",
          "sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
          "watch=false",
          "watch=0",
          "includeObject=Object",
          "includeObject=None",
          "includeObject=Metadata",
          "includeObject=Everything",
          "unknown=parameter",
          "labelSelector=app%3Da&fieldSelector=status.phase%3DRunning&limit=100");

  private static final List<String> LABELS =
      List.of(
          "app=a",
          "app==a",
          "app!=a",
          "app in (a,b)",
          "app notin (a)",
          "app",
          "!app",
          "!missing",
          "missing",
          "missing!=x",
          "app=a,tier=4",
          "app in (a),tier notin (4)",
          "tier>5",
          "tier<3",
          "tier>5,tier<9",
          "tier>abc",
          "app in ()",
          "app=",
          "app in (a,)",
          " app = a ",
          "app=a,",
          ",",
          "=a",
          "app in a",
          "app=a b",
          "a/b/c=d",
          "UPPER/app=a",
          "-app=a",
          "app=-a",
          "app in (a",
          "app=a&b");

  private static final List<String> POD_FIELDS =
      List.of(
          "metadata.name=p3",
          "metadata.name!=p3",
          "metadata.name=p3,metadata.namespace=one",
          "metadata.namespace=two",
          "metadata.namespace!=two",
          "spec.nodeName=node-1",
          "spec.nodeName!=node-1",
          "spec.nodeName=",
          "spec.restartPolicy=Never",
          "spec.schedulerName=default-scheduler",
          "spec.serviceAccountName=robot",
          "spec.hostNetwork=true",
          "spec.hostNetwork=false",
          "status.phase=Running",
          "status.phase==Running",
          "status.phase!=Running",
          "status.phase=Running,spec.nodeName=node-2",
          "status.podIP=10.0.0.3",
          "status.podIPs=10.0.0.3",
          "status.nominatedNodeName=",
          "metadata.uid=x",
          "spec.containers=x",
          "status.phase",
          "=x",
          "status.phase in (Running)",
          "metadata.name=p3,",
          "metadata.name=a\\,b");

  private static final List<String> EVENT_FIELDS =
      List.of(
          "involvedObject.kind=Pod",
          "involvedObject.namespace=two",
          "involvedObject.name=p4",
          "involvedObject.uid=x",
          "involvedObject.apiVersion=v1",
          "involvedObject.resourceVersion=",
          "involvedObject.fieldPath=spec.containers{main}",
          "regarding.name=p4",
          "regarding.kind=Pod",
          "reason=Pulled",
          "reportingComponent=",
          "reportingController=",
          "source=kubelet",
          "type=Warning",
          "type!=Warning",
          "metadata.name=e4",
          "involvedObject.kind=Pod,reason=Pulled",
          "note=x");

  private static final List<String> ACCEPTS =
      List.of(
          "",
          "*/*",
          "application/json",
          "application/yaml",
          PROTOBUF,
          TABLE,
          "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
          "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
          METADATA_LIST,
          METADATA,
          PROTOBUF + ";as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
          PROTOBUF + ";as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
          PROTOBUF + ";as=Table;v=v1;g=meta.k8s.io",
          PROTOBUF + ",application/json",
          "application/json;q=0.5," + PROTOBUF,
          "application/json;as=Table;v=v2;g=meta.k8s.io",
          "application/json;as=Chair;v=v1;g=meta.k8s.io",
          "application/json;as=Table;v=v1;g=apps",
          "application/yaml;as=Table;v=v1;g=meta.k8s.io",
          "text/html",
          "text/html,*/*",
          "application/xml");

  private static final List<String> GETS =
      List.of(
          "resourceVersion=0",
          "resourceVersion={rv}",
          "resourceVersion={first}",
          "pretty=true",
          "includeObject=Object",
          "includeObject=None",
          "limit=2");

  private static final List<String> WATCHES =
      List.of(
          "",
          "resourceVersion=0",
          "resourceVersion={rv}",
          "resourceVersion={first}",
          "resourceVersion={first}&labelSelector=app%3Da",
          "resourceVersion={first}&labelSelector=app%3Dc",
          "resourceVersion={first}&fieldSelector=metadata.name%3Dp1",
          "resourceVersionMatch=NotOlderThan",
          "resourceVersion={rv}&resourceVersionMatch=NotOlderThan",
          "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
          "sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
          "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion={rv}"
              + "&allowWatchBookmarks=true",
          "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0"
              + "&allowWatchBookmarks=true&labelSelector=app%3Db",
          "sendInitialEvents=false&resourceVersionMatch=NotOlderThan",
          "sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion={first}",
          "sendInitialEvents=true",
          "sendInitialEvents=true&resourceVersionMatch=Exact",
          "sendInitialEvents=maybe",
          "allowWatchBookmarks=true&resourceVersion={rv}",
          "allowWatchBookmarks=maybe",
          "limit=1");

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static HttpResponse<byte[]> send(KubernetesClient client, String target, String accept) {
    return finish(start(client, target, accept));
  }

  private static CompletableFuture<HttpResponse<byte[]>> start(
      KubernetesClient client, String target, String accept) {
    var request =
        client
            .getHttpClient()
            .newHttpRequestBuilder()
            .uri(URI.create(client.getMasterUrl().toString()).resolve(target));
    if (!accept.isEmpty()) {
      request.header("Accept", accept);
    }
    return client.getHttpClient().sendAsync(request.build(), byte[].class);
  }

  private static HttpResponse<byte[]> finish(CompletableFuture<HttpResponse<byte[]>> answer) {
    return answer.orTimeout(60, TimeUnit.SECONDS).join();
  }

  /** Status, content type and body, without what may differ. */
  private static String comparable(HttpResponse<byte[]> answer) {
    String type = String.valueOf(answer.header("content-type"));
    StringBuilder text = new StringBuilder();
    text.append(answer.code()).append(' ').append(type).append('\n');
    try {
      if (answer.code() == 200 && type.contains("stream=watch")) {
        protobufEvents(answer.body()).forEach(event -> text.append(event).append('\n'));
      } else if (type.contains("protobuf")) {
        text.append(normal(decoded(answer.body())).toPrettyString());
      } else if (type.contains("yaml")) {
        text.append(normal(new YAMLMapper().readTree(answer.body())).toPrettyString());
      } else {
        jsonEvents(answer.body()).forEach(event -> text.append(event).append('\n'));
      }
    } catch (IOException e) {
      text.append(new String(answer.body(), StandardCharsets.UTF_8));
    }
    return text.toString();
  }

  /** One document, or the events of a watch. */
  private static List<String> jsonEvents(byte[] body) throws IOException {
    List<String> events = new ArrayList<>();
    try (var values = JSON.readerFor(JsonNode.class).<JsonNode>readValues(body)) {
      while (values.hasNext()) {
        add(events, values.next());
      }
    }
    return events;
  }

  private static List<String> protobufEvents(byte[] body) {
    List<String> events = new ArrayList<>();
    WatchFrameSplitter splitter =
        new WatchFrameSplitter((type, apiVersion, kind, object, length) -> {
          ObjectNode event = JSON.createObjectNode().put("type", type.name());
          event.set("object", decoded(apiVersion, kind, object, 0, length));
          add(events, event);
        });
    splitter.accept(Unpooled.wrappedBuffer(body));
    return events;
  }

  /** Bookmarks come when they come, but for the one that ends the initial state. */
  private static void add(List<String> events, JsonNode event) {
    if (!event.path("type").asText().equals("BOOKMARK")
        || event.toString().contains("k8s.io/initial-events-end")) {
      events.add(normal(event).toPrettyString());
    }
  }

  private static JsonNode tree(HttpResponse<byte[]> answer) {
    try {
      return JSON.readTree(answer.body());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static JsonNode decoded(byte[] body) {
    Envelope.Content content = Envelope.open(body, 0, body.length);
    return decoded(
        content.apiVersion(), content.kind(), body, content.rawStart(), content.rawEnd());
  }

  private static JsonNode decoded(
      String apiVersion, String kindName, byte[] bytes, int start, int end) {
    JsonKind kind = KubernetesTypes.kind(apiVersion, kindName);
    assertThat(kind).as("%s of %s", kindName, apiVersion).isNotNull();
    ByteBuf out = Unpooled.buffer();
    new JsonTranscoder(new LongAdder()).plain(kind, bytes, start, end).writeObject(out);
    try {
      return JSON.readTree(ByteBufUtil.getBytes(out));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static JsonNode normal(JsonNode node) {
    if (node instanceof ArrayNode array) {
      array.forEach(SameAnswersIT::normal);
    } else if (node instanceof ObjectNode object) {
      if (object.get("metadata") instanceof ObjectNode metadata) {
        replace(metadata, "resourceVersion", "RV");
        replace(metadata, "continue", "TOKEN");
        remove(metadata, "labels", "multicluster.io/cluster");
        remove(metadata, "annotations", "resource.karmada.io/cached-from-cluster");
      }
      if (object.path("kind").asText().equals("Table")) {
        normalTable(object);
      }
      if (object.path("kind").asText().equals("Status")) {
        normalStatus(object);
      }
      object.forEach(SameAnswersIT::normal);
    }
    return node;
  }

  private static void replace(ObjectNode object, String field, String text) {
    if (!object.path(field).asText().isEmpty()) {
      object.put(field, text);
    }
  }

  private static void remove(ObjectNode metadata, String map, String key) {
    if (metadata.get(map) instanceof ObjectNode entries) {
      entries.remove(key);
      if (entries.isEmpty()) {
        metadata.remove(map);
      }
    }
  }

  /** What Go's libraries add about themselves to a message is theirs. */
  private static void normalStatus(ObjectNode status) {
    replaceNumbers(status, "message");
    status.put(
        "message",
        status
            .path("message")
            .asText()
            .replaceAll(" [(][*]core[.][A-Za-z]+[)]$", "")
            .replaceAll(": invalid character .*", "")
            .replaceAll("(?s)^N: Not Acceptable.*", NOT_ACCEPTABLE)
            .replaceAll("^only the following media types are accepted.*", NOT_ACCEPTABLE));
    if (status.path("details").isEmpty()) {
      status.remove("details");
    }
    for (JsonNode cause : status.at("/details/causes")) {
      replaceNumbers((ObjectNode) cause, "message");
    }
  }

  private static void replaceNumbers(ObjectNode object, String field) {
    if (object.has(field)) {
      object.put(field, object.get(field).asText().replaceAll("[0-9]+", "N"));
    }
  }

  /**
   * Without the CLUSTER column; later events of a watch don't say which it is. What the columns are
   * for is said in other words.
   */
  private static void normalTable(ObjectNode table) {
    Iterator<JsonNode> columns = table.path("columnDefinitions").iterator();
    while (columns.hasNext()) {
      ObjectNode column = (ObjectNode) columns.next();
      column.remove("description");
      if (column.path("name").asText().equals("Cluster")) {
        columns.remove();
      }
    }
    for (JsonNode row : table.path("rows")) {
      ArrayNode cells = (ArrayNode) row.get("cells");
      if (row.at("/object/metadata/name").asText().isEmpty() && cells.path(0).asText().isEmpty()) {
        cells.removeAll(); // A bookmark, which is in no cluster.
      }
      for (int i = cells.size() - 1; i >= 0; i--) {
        String text = cells.get(i).asText();
        if (text.equals(MEMBER)) {
          cells.remove(i);
        } else if (cells.get(i).isTextual() && text.matches("([0-9]+[smhdy])+|<unknown>")) {
          cells.set(i, TextNode.valueOf("AGE")); // Time goes on between two questions.
        }
      }
    }
  }
}
