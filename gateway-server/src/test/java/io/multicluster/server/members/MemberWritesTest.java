package io.multicluster.server.members;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.server.TestGateway;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.simulated.SimulatedCluster;
import io.multicluster.testclusters.simulated.SimulatedClusters;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.StatusDecoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes through a gateway over simulated API servers: a control plane, {@code m1}, {@code m2}. */
final class MemberWritesTest {
  private static final String PODS = "/api/v1/namespaces/default/pods";
  private static final String PROTOBUF = "application/vnd.kubernetes.protobuf";
  private static final String MERGE = "application/merge-patch+json";
  private static final String MARK = "multicluster.io/cluster";

  @TempDir private static Path folder;

  private static final AtomicInteger NAMES = new AtomicInteger();

  private static SimulatedClusters clusters;
  private static SimulatedCluster controlPlane;
  private static SimulatedCluster m1;
  private static SimulatedCluster m2;
  private static TestGateway gateway;

  @BeforeAll
  static void start() throws Exception {
    clusters = new SimulatedClusters();
    controlPlane = clusters.start(ClusterSpec.bare("control-plane", folder.resolve("cp")));
    m1 = clusters.start(ClusterSpec.bare("m1", folder.resolve("m1")));
    m2 = clusters.start(ClusterSpec.bare("m2", folder.resolve("m2")));
    gateway = TestGateway.start(folder, controlPlane, List.of(m1, m2));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    m2.close();
    m1.close();
    controlPlane.close();
    clusters.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "application/yaml",
        PROTOBUF,
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
        PROTOBUF + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
      })
  void theAnswerToAWriteIsWhatAReadShowsRightAfterwards(String accept) throws Exception {
    String pod = pod(m1);
    for (int i = 0; i < 5; i++) {
      HttpResponse<byte[]> patched =
          send("PATCH", pod, annotation("turn", "" + i), "content-type", MERGE, "accept", accept);
      HttpResponse<byte[]> read = get(pod, "accept", accept);

      assertThat(patched.statusCode()).as(text(patched)).isEqualTo(200);
      assertThat(text(patched)).isEqualTo(text(read));
      assertThat(patched.headers().firstValue("content-type"))
          .isEqualTo(read.headers().firstValue("content-type"));
    }
  }

  @Test
  void aTableIsAnsweredToWhoAsksForOne() throws Exception {
    HttpResponse<byte[]> patched =
        send(
            "PATCH",
            pod(m1),
            annotation("a", "b"),
            "content-type",
            MERGE,
            "accept",
            "application/json;as=Table;v=v1;g=meta.k8s.io");
    assertThat(json(patched).path("kind").asText()).isEqualTo("Table");
    assertThat(json(patched).path("rows")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "application/merge-patch+json|{'metadata':{'labels':{'a':'1','MARK':'m1'}}}",
        "application/strategic-merge-patch+json|{'metadata':{'labels':{'a':'1','MARK':null}}}",
        "application/json-patch+json|[{'op':'add','path':'/metadata/labels/a','value':'1'}]",
        "application/apply-patch+yaml"
            + "|{'apiVersion':'v1','kind':'Pod','metadata':{'labels':{'MARK':'m1','a':'1'}}}",
      })
  void everyTypeOfPatchChangesTheMembersObjectAndLeavesNoMarkThere(String type, String patch)
      throws Exception {
    String pod = pod(m1);
    HttpResponse<byte[]> patched =
        send(
            "PATCH",
            pod + "?fieldManager=test",
            patch.replace('\'', '"').replace("MARK", MARK).getBytes(UTF_8),
            "content-type",
            type);

    assertThat(patched.statusCode()).as(text(patched)).isEqualTo(200);
    assertThat(json(patched).path("metadata").path("labels").toString())
        .isEqualTo("{\"a\":\"1\",\"multicluster.io/cluster\":\"m1\"}");
    assertThat(metadata(m1, pod).getLabels()).isEqualTo(Map.of("a", "1"));
    assertThat(metadata(m1, pod).getAnnotations()).isNullOrEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "application/yaml", PROTOBUF})
  void whatWasReadCanBePutBackAndNothingChanges(String form) throws Exception {
    String pod = pod(m2);
    HttpResponse<byte[]> read = get(pod, "accept", form);
    String before = metadata(m2, pod).getResourceVersion();

    HttpResponse<byte[]> put = send("PUT", pod, read.body(), "content-type", form, "accept", form);

    assertThat(put.statusCode()).as(text(put)).isEqualTo(200);
    assertThat(text(put)).isEqualTo(text(read));
    assertThat(metadata(m2, pod).getResourceVersion()).isEqualTo(before);
    assertThat(metadata(m2, pod).getLabels()).isNullOrEmpty();
  }

  @Test
  void ofTwoWritersWhoHaveReadTheSameStateOneIsRefused() throws Exception {
    String pod = pod(m1);
    ObjectNode first = (ObjectNode) json(get(pod));
    ObjectNode second = first.deepCopy();
    first.withObject("/metadata/annotations").put("writer", "1");
    second.withObject("/metadata/annotations").put("writer", "2");

    assertThat(put(pod, first).statusCode()).isEqualTo(200);
    HttpResponse<byte[]> refused = put(pod, second);

    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(json(refused).path("message").asText())
        .isEqualTo(
            "Operation cannot be fulfilled on pods \""
                + name(pod)
                + "\": the object has been modified; please apply your changes to the latest"
                + " version and try again");
  }

  @Test
  void aWriterThatUsesTheVersionOfItsLastAnswerIsNeverRefused() throws Exception {
    String pod = pod(m1);
    ObjectNode object = (ObjectNode) json(get(pod));
    long last = 0;
    for (int i = 0; i < 20; i++) {
      object.withObject("/metadata/annotations").put("turn", "" + i);
      HttpResponse<byte[]> put = put(pod, object);
      assertThat(put.statusCode()).as(text(put)).isEqualTo(200);
      object = (ObjectNode) json(put);
      long version = object.path("metadata").path("resourceVersion").asLong();
      assertThat(version).isGreaterThan(last);
      last = version;
    }
  }

  @Test
  void aMembersOwnResourceVersionIsNoPrecondition() throws Exception {
    String pod = pod(m1);
    ObjectNode object = (ObjectNode) json(get(pod));
    object.withObject("/metadata").put("resourceVersion", metadata(m1, pod).getResourceVersion());
    assertThat(put(pod, object).statusCode()).isEqualTo(409);
  }

  @Test
  void deletionsAreTiedToTheStateThatBodyOrQueryName() throws Exception {
    String pod = pod(m1);
    String stale = version(pod);
    send("PATCH", pod, annotation("a", "b"), "content-type", MERGE);
    String condition = "{\"preconditions\":{\"resourceVersion\":\"%s\"}}";

    assertThat(delete(pod, condition.formatted(stale)).statusCode()).isEqualTo(409);
    assertThat(delete(pod + "?resourceVersion=" + stale, "").statusCode()).isEqualTo(409);
    assertThat(direct(m1, pod)).isNotNull();

    // With a body the query does not count, here as there.
    String both = pod + "?resourceVersion=" + stale;
    HttpResponse<byte[]> deleted = delete(both, condition.formatted(version(pod)));
    assertThat(deleted.statusCode()).as(text(deleted)).isEqualTo(200);
    assertThat(get(pod).statusCode()).isEqualTo(404);
    assertThat(direct(m1, pod)).isNull();

    String other = pod(m2);
    assertThat(delete(other + "?resourceVersion=" + version(other), "").statusCode())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "application/yaml", PROTOBUF})
  void aDeletionThatAnotherWasFasterThanIsAnsweredWithThePod(String accept) throws Exception {
    String pod = pod(m1);
    m1.faults().overtakeNextDeletions(1);

    HttpResponse<byte[]> deleted = send("DELETE", pod, new byte[0], "accept", accept);

    assertThat(deleted.statusCode()).as(text(deleted)).isEqualTo(200);
    assertThat(text(deleted)).contains("Pod", name(pod), MARK);
    assertThat(get(pod).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", PROTOBUF})
  void aChangeThatWasMadeNeverLooksAsIfItHadFailed(String accept) throws Exception {
    String pod = pod(m1);
    m1.faults().cutNextObjects(1);

    HttpResponse<byte[]> patched =
        send("PATCH", pod, annotation("a", "b"), "content-type", MERGE, "accept", accept);

    assertThat(patched.statusCode()).as(text(patched)).isEqualTo(200);
    assertThat(StatusDecoder.decode(patched.body()))
        .isEqualTo(
            new Status(
                true,
                "the change was made, but what cluster m1 answered is no object",
                "",
                200,
                new Status.Details(name(pod), "", "pods", "", List.of(), 0),
                ""));
    assertThat(json(get(pod)).path("metadata").path("annotations").path("a").asText())
        .isEqualTo("b");
  }

  @Test
  void protobufDeleteOptionsAreUnderstood() throws Exception {
    String pod = pod(m1);
    assertThat(send("DELETE", pod, options("7"), "content-type", PROTOBUF).statusCode())
        .isEqualTo(409);
    assertThat(
            send("DELETE", pod, options(version(pod)), "content-type", PROTOBUF, "accept", PROTOBUF)
                .statusCode())
        .isEqualTo(200);
  }

  private static byte[] options(String version) {
    byte[] message =
        new ProtoWriter().message(2, new ProtoWriter().string(2, version)).toByteArray();
    ByteBuf out = Unpooled.buffer();
    new Envelope("v1", "DeleteOptions").write(out, message, 0, message.length);
    return ByteBufUtil.getBytes(out);
  }

  @Test
  void theClusterOfAnObjectCanNotBeChangedAndItsLabelNotBeRemoved() throws Exception {
    String pod = pod(m1);
    HttpResponse<byte[]> moved = send("PATCH", pod, label(MARK, "m2"), "content-type", MERGE);
    assertThat(moved.statusCode()).isEqualTo(422);
    assertThat(json(moved).path("message").asText()).contains("can't be changed");

    byte[] removal = ("{\"metadata\":{\"labels\":{\"" + MARK + "\":null}}}").getBytes(UTF_8);
    HttpResponse<byte[]> unlabelled = send("PATCH", pod, removal, "content-type", MERGE);
    assertThat(unlabelled.statusCode()).isEqualTo(200);
    assertThat(json(unlabelled).path("metadata").path("labels").path(MARK).asText())
        .isEqualTo("m1");
  }

  @Test
  void anEvictedPodIsSeenToGo() throws Exception {
    String pod = pod(m1);
    HttpResponse<byte[]> evicted =
        send(
            "POST",
            pod + "/eviction",
            """
            {"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"%s"},
             "deleteOptions":{"preconditions":{"resourceVersion":"%s"}}}
            """
                .formatted(name(pod), version(pod))
                .getBytes(UTF_8),
            "content-type",
            "application/json");

    assertThat(evicted.statusCode()).as(text(evicted)).isEqualTo(201);
    assertThat(json(evicted).path("kind").asText()).isEqualTo("Status");
    assertThat(get(pod).statusCode()).isEqualTo(404);
  }

  @Test
  void aBoundPodIsSeenOnItsNode() throws Exception {
    String pod = pod(m2);
    HttpResponse<byte[]> bound =
        send(
            "POST",
            pod + "/binding",
            """
            {"apiVersion":"v1","kind":"Binding","metadata":{"name":"%s"},
             "target":{"kind":"Node","name":"n1"}}
            """
                .formatted(name(pod))
                .getBytes(UTF_8),
            "content-type",
            "application/json");

    assertThat(bound.statusCode()).as(text(bound)).isEqualTo(201);
    assertThat(json(get(pod)).path("spec").path("nodeName").asText()).isEqualTo("n1");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "status|{'status':{'phase':'Running'}}",
        "ephemeralcontainers|{'spec':{'ephemeralContainers':[{'name':'debug','image':'busybox'}]}}",
      })
  void subresourcesThatAreThePodAreReadAndWrittenAsTheWholeIs(String subresource, String patch)
      throws Exception {
    String pod = pod(m1);
    HttpResponse<byte[]> patched =
        send(
            "PATCH",
            pod + "/" + subresource,
            patch.replace('\'', '"').getBytes(UTF_8),
            "content-type",
            "application/strategic-merge-patch+json");

    assertThat(patched.statusCode()).as(text(patched)).isEqualTo(200);
    assertThat(text(patched)).isEqualTo(text(get(pod)));
    assertThat(text(get(pod + "/" + subresource))).isEqualTo(text(patched));
  }

  @Test
  void aPodIsCreatedWhereItsLabelOrThePathSays() throws Exception {
    String name = "new-" + NAMES.incrementAndGet();
    HttpResponse<byte[]> nowhere = create(PODS, name, "");
    assertThat(nowhere.statusCode()).isEqualTo(422);
    assertThat(json(nowhere).path("message").asText())
        .contains("metadata.labels[multicluster.io/cluster]: Required value");
    assertThat(json(create(PODS, name, "m9")).path("message").asText())
        .contains("Invalid value: \"m9\": there is no such cluster");
    assertThat(json(create(PODS, name, "federation")).path("message").asText())
        .contains("there is no such cluster");

    HttpResponse<byte[]> labelled = create(PODS, name, "m2");
    assertThat(labelled.statusCode()).as(text(labelled)).isEqualTo(201);
    assertThat(text(labelled)).isEqualTo(text(get(PODS + "/" + name)));
    assertThat(metadata(m2, PODS + "/" + name).getLabels()).isNullOrEmpty();

    String other = "new-" + NAMES.incrementAndGet();
    assertThat(create("/clusters/m1" + PODS, other, "").statusCode()).isEqualTo(201);
    assertThat(direct(m1, PODS + "/" + other)).isNotNull();
    assertThat(create("/clusters/m1" + PODS, other + "b", "m2").statusCode()).isEqualTo(422);
  }

  @Test
  void applyingAPodThatThereIsNotCreatesItWhereItsLabelSays() throws Exception {
    String path = PODS + "/applied-" + NAMES.incrementAndGet();
    byte[] apply =
        """
        apiVersion: v1
        kind: Pod
        metadata:
          labels:
            multicluster.io/cluster: m2
        spec:
          containers:
          - {name: main, image: web}
        """
            .getBytes(UTF_8);
    HttpResponse<byte[]> applied =
        send(
            "PATCH",
            path + "?fieldManager=test",
            apply,
            "content-type",
            "application/apply-patch+yaml");
    assertThat(applied.statusCode()).as(text(applied)).isEqualTo(201);
    assertThat(direct(m2, path)).isNotNull();
    assertThat(text(applied)).isEqualTo(text(get(path)));
  }

  @Test
  void equalNamesInTwoClustersAskForAChoice() throws Exception {
    String name = "twice-" + NAMES.incrementAndGet();
    make(m1, name, Map.of());
    make(m2, name, Map.of());
    String path = PODS + "/" + name;
    awaitStatus(path, 409);

    HttpResponse<byte[]> ambiguous = delete(path, "");
    assertThat(ambiguous.statusCode()).isEqualTo(409);
    assertThat(json(ambiguous).path("message").asText())
        .contains("it exists in the clusters m1, m2")
        .contains("/clusters/m1" + path);

    assertThat(delete("/clusters/m2" + path, "").statusCode()).isEqualTo(200);
    assertThat(direct(m1, path)).isNotNull();
    assertThat(get(path).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "application/yaml",
        PROTOBUF,
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
      })
  void aCollectionIsDeletedInAllMembersAndAnsweredAsItWas(String accept) throws Exception {
    String app = "app-" + NAMES.incrementAndGet();
    String first = pod(m1, Map.of("app", app));
    String second = pod(m2, Map.of("app", app));
    String spared = pod(m2, Map.of("app", app + "-not"));
    String selected = PODS + "?labelSelector=app%3D" + app;
    HttpResponse<byte[]> before = get(selected, "accept", accept);
    assertThat(text(before)).contains(first.substring(first.lastIndexOf('/') + 1));

    for (String query : List.of("&dryRun=All", "")) {
      HttpResponse<byte[]> deleted =
          send("DELETE", selected + query, new byte[0], "accept", accept);

      assertThat(deleted.statusCode()).as(text(deleted)).isEqualTo(200);
      assertThat(text(deleted)).isEqualTo(text(before));
      assertThat(deleted.headers().firstValue("content-type"))
          .isEqualTo(before.headers().firstValue("content-type"));
    }
    assertThat(get(first).statusCode()).isEqualTo(404);
    assertThat(get(second).statusCode()).isEqualTo(404);
    assertThat(direct(m2, spared)).isNotNull();
  }

  @Test
  void theDeletionOfNothingIsAnsweredWithAnEmptyList() throws Exception {
    HttpResponse<byte[]> deleted = delete(PODS + "?labelSelector=app%3Dnone", "");
    assertThat(deleted.statusCode()).as(text(deleted)).isEqualTo(200);
    assertThat(json(deleted).path("kind").asText()).isEqualTo("PodList");
    assertThat(json(deleted).path("items").toString()).isEqualTo("[]");
  }

  @Test
  void theLabelOfTheClusterSelectsMembersOfACollectionToDelete() throws Exception {
    String app = "app-" + NAMES.incrementAndGet();
    String first = pod(m1, Map.of("app", app));
    String second = pod(m2, Map.of("app", app));

    String selector = "?labelSelector=app%3D" + app + ",multicluster.io%2Fcluster%3Dm2";
    assertThat(delete(PODS + selector, "").statusCode()).isEqualTo(200);

    assertThat(direct(m1, first)).isNotNull();
    assertThat(direct(m2, second)).isNull();
  }

  @Test
  void aCollectionThatIsDeletedInPartSaysWhatFailedWhere() throws Exception {
    String app = "app-" + NAMES.incrementAndGet();
    pod(m1, Map.of("app", app));
    pod(m2, Map.of("app", app));
    m2.faults().failNextRequests(1, Status.failure(403, "Forbidden", "not today"));

    HttpResponse<byte[]> answer = delete(PODS + "?labelSelector=app%3D" + app, "");

    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(json(answer).path("message").asText())
        .isEqualTo("pods could not all be deleted in m2: not today; those in m1 were");
    assertThat(json(answer).path("details").path("causes").toString())
        .isEqualTo("[{\"reason\":\"Forbidden\",\"message\":\"not today\",\"field\":\"m2\"}]");
  }

  /** 401 would tell the client that its own are. */
  @Test
  void aMemberThatRefusesTheGatewaysCredentialsIsNotThere() throws Exception {
    String app = "app-" + NAMES.incrementAndGet();
    String pod = pod(m1, Map.of("app", app));
    Status refusal = Status.failure(401, "Unauthorized", "Unauthorized");
    m1.faults().failNextRequests(1, refusal);
    HttpResponse<byte[]> one = delete(pod, "");
    m1.faults().failNextRequests(1, refusal);
    HttpResponse<byte[]> all = delete(PODS + "?labelSelector=app%3D" + app, "");

    for (HttpResponse<byte[]> answer : List.of(one, all)) {
      assertThat(answer.statusCode()).as(text(answer)).isEqualTo(503);
      assertThat(json(answer).path("message").asText())
          .contains("m1 refused the gateway's credentials");
    }
  }

  @Test
  void dryRunsChangeNothingAndLookLikeReads() throws Exception {
    String pod = pod(m1);
    String before = text(get(pod));

    HttpResponse<byte[]> patched =
        send("PATCH", pod + "?dryRun=All", annotation("a", "b"), "content-type", MERGE);

    assertThat(patched.statusCode()).isEqualTo(200);
    assertThat(json(patched).path("metadata").path("annotations").path("a").asText())
        .isEqualTo("b");
    assertThat(json(patched).path("metadata").path("labels").path(MARK).asText()).isEqualTo("m1");
    assertThat(text(get(pod))).isEqualTo(before);
    assertThat(delete(pod + "?dryRun=All", "").statusCode()).isEqualTo(200);
    assertThat(text(get(pod))).isEqualTo(before);
  }

  @Test
  void eventsAreMadeInTheControlPlaneAndChangedInEitherVersion() throws Exception {
    String name = "event-" + NAMES.incrementAndGet();
    String event =
        """
        {"apiVersion":"v1","kind":"Event","metadata":{"name":"%s","namespace":"default"},
         "involvedObject":{"kind":"CloneSet","namespace":"default","name":"c"},
         "reason":"Scaled","message":"up","type":"Normal"}
        """
            .formatted(name);
    HttpResponse<byte[]> created =
        send(
            "POST",
            "/api/v1/namespaces/default/events",
            event.getBytes(UTF_8),
            "content-type",
            "application/json");
    assertThat(created.statusCode()).as(text(created)).isEqualTo(201);

    String path = "/apis/events.k8s.io/v1/namespaces/default/events/" + name;
    HttpResponse<byte[]> patched =
        send("PATCH", path, "{\"note\":\"down\"}".getBytes(UTF_8), "content-type", MERGE);
    assertThat(patched.statusCode()).as(text(patched)).isEqualTo(200);
    assertThat(text(patched)).isEqualTo(text(get(path)));
    assertThat(json(patched).path("note").asText()).isEqualTo("down");

    HttpResponse<byte[]> deleted = delete(path, "");
    assertThat(deleted.statusCode()).isEqualTo(200);
    assertThat(get(path).statusCode()).isEqualTo(404);
  }

  @Test
  void membersThatAreGoneFailTheWritesOfTheirOwnObjectsOnly() throws Exception {
    String here = pod(m1);
    String there = pod(m2);
    m2.kill();
    try {
      HttpResponse<byte[]> failed =
          send("PATCH", there, annotation("a", "b"), "content-type", MERGE);
      assertThat(failed.statusCode()).as(text(failed)).isIn(502, 503);
      assertThat(send("PATCH", here, annotation("a", "b"), "content-type", MERGE).statusCode())
          .isEqualTo(200);
    } finally {
      m2.restart();
    }
    Awaitility.await("m2 is back")
        .atMost(Duration.ofSeconds(30))
        .until(() ->
            send("PATCH", there, annotation("a", "c"), "content-type", MERGE).statusCode() == 200);
  }

  @Test
  void whatIsNotThereOrNotAllowedOnACollectionIsSaidAsKubernetesSaysIt() throws Exception {
    assertThat(
            send("PATCH", PODS + "/no", annotation("a", "b"), "content-type", MERGE).statusCode())
        .isEqualTo(404);
    assertThat(
            send("PUT", PODS + "/no", annotation("a", "b"), "content-type", "application/json")
                .statusCode())
        .isEqualTo(404);
    assertThat(send("PUT", PODS, new byte[0]).statusCode()).isEqualTo(405);
    assertThat(get("/clusters/m9" + PODS + "/no/status").statusCode()).isEqualTo(404);
    assertThat(
            send("PATCH", pod(m1), annotation("a", "b"), "content-type", "text/plain").statusCode())
        .isEqualTo(415);
    assertThat(
            send("PATCH", pod(m1), annotation("a", "b"), "content-type", MERGE, "accept", "text/x")
                .statusCode())
        .isEqualTo(406);
  }

  private static byte[] annotation(String key, String value) {
    return "{\"metadata\":{\"annotations\":{\"%s\":\"%s\"}}}".formatted(key, value).getBytes(UTF_8);
  }

  private static byte[] label(String key, String value) {
    return "{\"metadata\":{\"labels\":{\"%s\":\"%s\"}}}".formatted(key, value).getBytes(UTF_8);
  }

  private static HttpResponse<byte[]> create(String path, String name, String cluster)
      throws Exception {
    String pod =
        """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s"%s},
         "spec":{"containers":[{"name":"main","image":"web"}]}}
        """
            .formatted(
                name,
                cluster.isEmpty() ? "" : ",\"labels\":{\"%s\":\"%s\"}".formatted(MARK, cluster));
    return send("POST", path, pod.getBytes(UTF_8), "content-type", "application/json");
  }

  private static HttpResponse<byte[]> put(String path, ObjectNode object) throws Exception {
    return send("PUT", path, object.toString().getBytes(UTF_8), "content-type", "application/json");
  }

  private static HttpResponse<byte[]> delete(String path, String options) throws Exception {
    return send("DELETE", path, options.getBytes(UTF_8), "content-type", "application/json");
  }

  /** Makes a pod directly in a member and returns its path, once the gateway shows it. */
  private static String pod(SimulatedCluster member) throws Exception {
    return pod(member, Map.of());
  }

  private static String pod(SimulatedCluster member, Map<String, String> labels) throws Exception {
    String name = "pod-" + NAMES.incrementAndGet();
    make(member, name, labels);
    awaitStatus(PODS + "/" + name, 200);
    return PODS + "/" + name;
  }

  private static void make(SimulatedCluster member, String name, Map<String, String> labels) {
    try (KubernetesClient client = member.access().client()) {
      client
          .resource(
              new PodBuilder()
                  .withNewMetadata()
                  .withName(name)
                  .withNamespace("default")
                  .withLabels(labels)
                  .endMetadata()
                  .withNewSpec()
                  .addNewContainer()
                  .withName("main")
                  .withImage("registry.example.com/web:1")
                  .endContainer()
                  .endSpec()
                  .build())
          .create();
    }
  }

  private static void awaitStatus(String path, int status) {
    Awaitility.await(path)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> get(path).statusCode() == status);
  }

  private static @Nullable Pod direct(SimulatedCluster member, String path) {
    try (KubernetesClient client = member.access().client()) {
      return client.pods().inNamespace("default").withName(name(path)).get();
    }
  }

  private static ObjectMeta metadata(SimulatedCluster member, String path) {
    return Objects.requireNonNull(direct(member, path)).getMetadata();
  }

  private static String version(String path) throws Exception {
    return json(get(path)).path("metadata").path("resourceVersion").asText();
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static HttpResponse<byte[]> get(String path, String... headers) throws Exception {
    return send("GET", path, new byte[0], headers);
  }

  private static HttpResponse<byte[]> send(
      String method, String path, byte[] body, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(gateway.server().resolve(path))
            .method(
                method,
                body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return gateway.http().send(request.build(), BodyHandlers.ofByteArray());
  }

  private static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), UTF_8);
  }

  private static JsonNode json(HttpResponse<byte[]> answer) throws Exception {
    return Json.MAPPER.readTree(answer.body());
  }
}
