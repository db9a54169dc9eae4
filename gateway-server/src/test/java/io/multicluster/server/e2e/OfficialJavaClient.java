package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.gson.JsonParser;
import com.google.gson.reflect.TypeToken;
import io.kubernetes.client.Exec;
import io.kubernetes.client.PortForward;
import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.informer.ResourceEventHandler;
import io.kubernetes.client.informer.SharedIndexInformer;
import io.kubernetes.client.informer.SharedInformerFactory;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ConfigMapList;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodList;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.KubeConfig;
import io.kubernetes.client.util.PatchUtils;
import io.kubernetes.client.util.Watch;
import io.kubernetes.client.util.generic.dynamic.DynamicKubernetesApi;
import io.kubernetes.client.util.generic.dynamic.DynamicKubernetesObject;
import java.io.IOException;
import java.io.Reader;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;

/**
 * The official Java client at work on an API server, as checks. In the namespace of the first
 * member the pod {@code web} runs.
 */
final class OfficialJavaClient implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String CLUSTER = "multicluster.io/cluster";

  private static final Type WATCHED_POD =
      TypeToken.getParameterized(Watch.Response.class, V1Pod.class).getType();

  private final ApiClient client;
  private final CoreV1Api core;
  private final String namespace;
  private final List<String> members;

  OfficialJavaClient(Path kubeconfig, String namespace, List<String> members) throws IOException {
    try (Reader yaml = Files.newBufferedReader(kubeconfig)) {
      client = ClientBuilder.kubeconfig(KubeConfig.loadKubeConfig(yaml)).build();
    }
    core = new CoreV1Api(client);
    this.namespace = namespace;
    this.members = members;
  }

  void check() throws Exception {
    changesConfigMaps();
    watchesPodsOfAllMembers();
    informsOfPodsOfAllMembers();
    changesCustomResources();
    readsLogsExecutesAndForwardsPorts();
  }

  private void changesConfigMaps() throws ApiException {
    for (int i = 0; i < 5; i++) {
      V1ConfigMap map =
          new V1ConfigMap()
              .metadata(new V1ObjectMeta().name("java-" + i).labels(Map.of("set", "java")))
              .data(Map.of("n", "" + i));
      core.createNamespacedConfigMap(namespace, map).execute();
    }
    V1ConfigMap read = core.readNamespacedConfigMap("java-0", namespace).execute();
    read.putDataItem("n", "changed");
    core.replaceNamespacedConfigMap("java-0", namespace, read).execute();
    refused(409, () -> core.replaceNamespacedConfigMap("java-0", namespace, read).execute());
    patch(V1Patch.PATCH_FORMAT_STRATEGIC_MERGE_PATCH, "{\"data\": {\"strategic\": \"1\"}}");
    patch(V1Patch.PATCH_FORMAT_JSON_MERGE_PATCH, "{\"data\": {\"merge\": \"2\"}}");
    V1ConfigMap patched =
        patch(
            V1Patch.PATCH_FORMAT_JSON_PATCH,
            "[{\"op\": \"add\", \"path\": \"/data/json\", \"value\": \"3\"}]");
    assertThat(patched.getData())
        .isEqualTo(Map.of("n", "changed", "strategic", "1", "merge", "2", "json", "3"));
    var list = core.listNamespacedConfigMap(namespace).labelSelector("set=java").limit(2);
    List<String> names = new ArrayList<>();
    for (String token = ""; token != null; ) {
      V1ConfigMapList page = list._continue(token).execute();
      assertThat(page.getItems()).hasSizeLessThanOrEqualTo(2);
      page.getItems().forEach(map -> names.add(name(map)));
      token = Objects.requireNonNull(page.getMetadata(), "metadata").getContinue();
    }
    assertThat(names).containsExactly("java-0", "java-1", "java-2", "java-3", "java-4");
    core.deleteCollectionNamespacedConfigMap(namespace).labelSelector("set=java").execute();
    refused(404, () -> core.readNamespacedConfigMap("java-0", namespace).execute());
  }

  private V1ConfigMap patch(String type, String patch) throws ApiException {
    return PatchUtils.patch(
        V1ConfigMap.class,
        () ->
            core.patchNamespacedConfigMap("java-0", namespace, new V1Patch(patch)).buildCall(null),
        type,
        client);
  }

  private void watchesPodsOfAllMembers() throws ApiException, IOException {
    var pods = core.listNamespacedPod(namespace).labelSelector("set=watched");
    String start =
        Objects.requireNonNull(pods.execute().getMetadata(), "metadata").getResourceVersion();
    for (String member : members) {
      core.createNamespacedPod(namespace, pod("watched", member)).execute();
      core.deleteNamespacedPod("watched-" + member, namespace).gracePeriodSeconds(0).execute();
    }
    Set<String> gone = new TreeSet<>();
    Call call =
        pods.watch(true)
            .resourceVersion(start)
            .timeoutSeconds((int) PATIENCE.toSeconds())
            .buildCall(null);
    try (Watch<V1Pod> events = Watch.createWatch(client, call, WATCHED_POD)) {
      while (gone.size() < members.size() && events.hasNext()) {
        var event = events.next();
        if (event.type.equals("DELETED")) {
          gone.add(cluster(event.object));
        }
      }
    }
    assertThat(gone).containsExactlyInAnyOrderElementsOf(members);
  }

  /** Which lists and watches by itself, and answers reads from its store. */
  private void informsOfPodsOfAllMembers() throws ApiException {
    SharedInformerFactory factory = new SharedInformerFactory(client);
    SharedIndexInformer<V1Pod> informer =
        factory.sharedIndexInformerFor(
            request ->
                core.listNamespacedPod(namespace)
                    .labelSelector("set=informed")
                    .resourceVersion(request.resourceVersion)
                    .timeoutSeconds(request.timeoutSeconds)
                    .watch(request.watch)
                    .buildCall(null),
            V1Pod.class,
            V1PodList.class);
    Set<String> deleted = ConcurrentHashMap.newKeySet();
    informer.addEventHandler(
        new ResourceEventHandler<>() {
          @Override
          public void onAdd(V1Pod pod) {}

          @Override
          public void onUpdate(V1Pod before, V1Pod after) {}

          @Override
          public void onDelete(V1Pod pod, boolean stale) {
            deleted.add(cluster(pod));
          }
        });
    core.createNamespacedPod(namespace, pod("informed", members.getFirst())).execute();
    factory.startAllRegisteredInformers();
    try {
      Awaitility.await("the first list").atMost(PATIENCE).until(informer::hasSynced);
      core.createNamespacedPod(namespace, pod("informed", members.getLast())).execute();
      Awaitility.await("pods of all members")
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(informer.getIndexer().list().stream().map(OfficialJavaClient::cluster))
                  .containsExactlyInAnyOrderElementsOf(members));
      for (String member : members) {
        core.deleteNamespacedPod("informed-" + member, namespace).gracePeriodSeconds(0).execute();
      }
      Awaitility.await("their deletion").atMost(PATIENCE).until(() -> deleted.size() == 2);
      assertThat(informer.getIndexer().list()).isEmpty();
    } finally {
      factory.stopAllRegisteredInformers();
    }
  }

  private void changesCustomResources() throws ApiException {
    DynamicKubernetesApi sets =
        new DynamicKubernetesApi("apps.kruise.io", "v1alpha1", "clonesets", client);
    DynamicKubernetesObject set =
        new DynamicKubernetesObject(
            JsonParser.parseString(
                    """
                    {"apiVersion": "apps.kruise.io/v1alpha1", "kind": "CloneSet",
                     "metadata": {"name": "java", "namespace": "%s"},
                     "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "java"}},
                      "template": {"metadata": {"labels": {"app": "java"}},
                       "spec": {"containers": [{"name": "main", "image": "example/app:1"}]}}}}
                    """
                        .formatted(namespace))
                .getAsJsonObject());
    sets.create(set).throwsApiException();
    DynamicKubernetesObject patched =
        sets.patch(
                namespace,
                "java",
                V1Patch.PATCH_FORMAT_JSON_MERGE_PATCH,
                new V1Patch("{\"spec\": {\"replicas\": 3}}"))
            .throwsApiException()
            .getObject();
    assertThat(patched.getRaw().getAsJsonObject("spec").get("replicas").getAsInt()).isEqualTo(3);
    sets.delete(namespace, "java").throwsApiException();
  }

  private void readsLogsExecutesAndForwardsPorts() throws Exception {
    assertThat(core.readNamespacedPodLog("web", namespace).execute()).contains("ready");
    Process exec =
        new Exec(client)
            .newExecutionBuilder(namespace, "web", new String[] {"echo", "here"})
            .execute();
    try (var out = exec.getInputStream()) {
      assertThat(out.readAllBytes()).asString(StandardCharsets.UTF_8).isEqualTo("here\n");
    }
    assertThat(exec.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(exec.exitValue()).isZero();
    // Every forwarded port leads to the HTTP server of the simulated kubelet.
    var forward = new PortForward(client).forward(namespace, "web", List.of(80));
    try (var out = forward.getOutboundStream(80);
        var in = forward.getInputStream(80)) {
      out.write(
          "GET /healthz HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      assertThat(in.readNBytes(6)).asString(StandardCharsets.US_ASCII).isEqualTo("HTTP/1");
    }
  }

  private static V1Pod pod(String set, String member) {
    return new V1Pod()
        .metadata(
            new V1ObjectMeta().name(set + "-" + member).labels(Map.of("set", set, CLUSTER, member)))
        .spec(
            new V1PodSpec()
                .schedulerName("nobody")
                .overhead(null) // else it sends an empty one, which API servers refuse
                .addContainersItem(new V1Container().name("main").image("registry.example/app:1")));
  }

  private static String cluster(V1Pod pod) {
    V1ObjectMeta metadata = Objects.requireNonNull(pod.getMetadata(), "metadata");
    return Objects.requireNonNull(metadata.getLabels(), "labels").getOrDefault(CLUSTER, "");
  }

  private static String name(V1ConfigMap map) {
    return String.valueOf(Objects.requireNonNull(map.getMetadata(), "metadata").getName());
  }

  private static void refused(int code, ThrowingCallable call) {
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(call)
        .matches(e -> e.getCode() == code, "code " + code);
  }

  @Override
  public void close() {
    client.getHttpClient().dispatcher().executorService().shutdown();
    client.getHttpClient().connectionPool().evictAll();
  }
}
