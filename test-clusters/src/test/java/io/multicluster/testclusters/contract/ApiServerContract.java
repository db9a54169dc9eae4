package io.multicluster.testclusters.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.testclusters.TestCluster;
import io.multicluster.testclusters.contract.RawClient.Answer;
import io.multicluster.testclusters.contract.RawClient.Watch;
import io.multicluster.wire.proto.ProtoReader;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** What clients rely on in an API server. Every test works in a namespace of its own. */
@TestInstance(Lifecycle.PER_CLASS)
abstract class ApiServerContract {
  private static final String TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

  private RawClient client;
  private String namespace;

  /** A cluster that serves; the same for all tests. */
  abstract TestCluster cluster();

  /** How often the cluster sends bookmarks, so that a test can wait for one. */
  abstract boolean bookmarksAreFrequent();

  @BeforeEach
  void connect() {
    client = new RawClient(cluster().access());
    namespace = "contract-" + UUID.randomUUID().toString().substring(0, 8);
    Answer created = client.post("/api/v1/namespaces", "{'metadata':{'name':'" + namespace + "'}}");
    assertThat(created.status()).as(created.text()).isEqualTo(201);
  }

  @AfterEach
  void disconnect() {
    client.close();
  }

  private String configMaps() {
    return "/api/v1/namespaces/" + namespace + "/configmaps";
  }

  private String pods() {
    return "/api/v1/namespaces/" + namespace + "/pods";
  }

  private JsonNode configMap(String name, String data) {
    Answer created =
        client.post(configMaps(), "{'metadata':{'name':'" + name + "'},'data':{" + data + "}}");
    assertThat(created.status()).as(created.text()).isEqualTo(201);
    return created.json();
  }

  private JsonNode pod(String name, String labels) {
    Answer created =
        client.post(
            pods(),
            "{'metadata':{'name':'%s','labels':{%s}},'spec':{'containers':[{'name':'c','image':'i:1'}]}}"
                .formatted(name, labels));
    assertThat(created.status()).as(created.text()).isEqualTo(201);
    return created.json();
  }

  private static String version(JsonNode object) {
    return object.at("/metadata/resourceVersion").asText();
  }

  private static List<String> names(JsonNode list) {
    return StreamSupport.stream(list.get("items").spliterator(), false)
        .map(item -> item.at("/metadata/name").asText())
        .toList();
  }

  private static void assertStatus(Answer answer, int code, String reason, String message) {
    JsonNode status = answer.json();
    assertThat(answer.status()).as(answer.text()).isEqualTo(code);
    assertThat(status.get("kind").asText()).isEqualTo("Status");
    assertThat(status.path("reason").asText()).isEqualTo(reason);
    assertThat(status.path("message").asText()).isEqualTo(message);
    assertThat(status.path("code").asInt()).isEqualTo(code);
  }

  private static JsonNode required(Watch watch) {
    return Objects.requireNonNull(watch.next(), "the watch ended");
  }

  @Nested
  class Discovery {
    private static final String AGGREGATED =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    @Test
    void aggregatedAndLegacyDocumentsAgree() {
      JsonNode aggregated = client.get("/api", "Accept", AGGREGATED).json();
      JsonNode legacy = client.get("/api/v1").json();

      assertThat(aggregated.get("kind").asText()).isEqualTo("APIGroupDiscoveryList");
      JsonNode version = aggregated.at("/items/0/versions/0");
      for (JsonNode resource : version.get("resources")) {
        JsonNode same =
            StreamSupport.stream(legacy.get("resources").spliterator(), false)
                .filter(r -> r.get("name").asText().equals(resource.get("resource").asText()))
                .findFirst()
                .orElseThrow();
        assertThat(same.get("verbs")).isEqualTo(resource.get("verbs"));
        assertThat(same.get("singularName")).isEqualTo(resource.get("singularResource"));
        assertThat(same.path("shortNames")).isEqualTo(resource.path("shortNames"));
        assertThat(same.get("namespaced").asBoolean())
            .isEqualTo(resource.get("scope").asText().equals("Namespaced"));
      }
    }

    @Test
    void aggregatedDocumentsCanBeRevalidated() {
      Answer first = client.get("/apis", "Accept", AGGREGATED + ",application/json");

      assertThat(first.header("content-type")).isEqualTo(AGGREGATED);
      assertThat(first.header("vary")).contains("Accept");
      Answer second =
          client.get(
              "/apis",
              "Accept",
              AGGREGATED + ",application/json",
              "If-None-Match",
              first.header("etag"));
      assertThat(second.status()).isEqualTo(304);
      assertThat(second.body()).isEmpty();
    }

    @Test
    void clientsOfAnOlderFormGetTheLegacyDocument() {
      Answer answer =
          client.get(
              "/apis",
              "Accept",
              "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
                  + "application/json");

      assertThat(answer.header("content-type")).isEqualTo("application/json");
      assertThat(answer.json().get("kind").asText()).isEqualTo("APIGroupList");
    }

    @Test
    void openApiDocumentsLetKubectlValidateOnTheServer() {
      JsonNode index = client.get("/openapi/v3").json();
      String url = index.at("/paths/api~1v1/serverRelativeURL").asText();
      Answer document = client.get(url, "Accept", "application/json");

      assertThat(document.header("cache-control")).contains("immutable");
      JsonNode patch =
          document.json().at("/paths/~1api~1v1~1namespaces~1{namespace}~1pods~1{name}/patch");
      assertThat(patch.at("/x-kubernetes-group-version-kind/kind").asText()).isEqualTo("Pod");
      assertThat(patch.get("parameters").toString()).contains("fieldValidation");
      JsonNode pod = document.json().at("/components/schemas/io.k8s.api.core.v1.Pod");
      assertThat(pod.path("properties").has("spec")).isTrue();
    }

    @Test
    void openApiHashesThatAreOldRedirect() {
      Answer answer = client.get("/openapi/v3/api/v1?hash=OLD");

      assertThat(answer.status()).isEqualTo(301);
      assertThat(answer.header("location")).contains("/openapi/v3/api/v1?hash=");
    }

    @Test
    void healthAndVersionAreServed() {
      assertThat(client.get("/readyz").text()).isEqualTo("ok");
      assertThat(client.get("/version").json().get("gitVersion").asText()).startsWith("v1.");
    }
  }

  @Nested
  class StoredObjects {
    @Test
    void areCreatedReadChangedAndDeleted() {
      JsonNode created = configMap("a", "'x':'1'");
      assertThat(created.at("/metadata/uid").asText()).hasSize(36);
      assertThat(client.get(configMaps() + "/a").json()).isEqualTo(created);

      Answer put = client.put(configMaps() + "/a", "{'metadata':{'name':'a'},'data':{'x':'2'}}");
      assertThat(put.status()).isEqualTo(200);
      assertThat(version(put.json())).isNotEqualTo(version(created));
      assertThat(put.json().at("/metadata/creationTimestamp"))
          .isEqualTo(created.at("/metadata/creationTimestamp"));

      Answer deleted = client.delete(configMaps() + "/a");
      assertThat(deleted.status()).isEqualTo(200);
      assertThat(deleted.json())
          .isEqualTo(
              RawClient.parse(
                  "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\","
                      + "\"details\":{\"name\":\"a\",\"kind\":\"configmaps\",\"uid\":\""
                      + created.at("/metadata/uid").asText()
                      + "\"}}"));
      assertStatus(client.get(configMaps() + "/a"), 404, "NotFound", "configmaps \"a\" not found");
    }

    @Test
    void keepTheirVersionWhenNothingChanges() {
      JsonNode created = configMap("a", "'x':'1'");

      Answer same = client.put(configMaps() + "/a", "{'metadata':{'name':'a'},'data':{'x':'1'}}");

      assertThat(version(same.json())).isEqualTo(version(created));
    }

    @Test
    void getANameFromTheirPrefix() {
      JsonNode created = client.post(configMaps(), "{'metadata':{'generateName':'job-'}}").json();

      assertThat(created.at("/metadata/name").asText()).matches("job-[a-z0-9]{5}");
      assertThat(created.at("/metadata/generateName").asText()).isEqualTo("job-");
    }

    @Test
    void areWrittenInTheOrderAndWithTheZerosOfGo() {
      String text =
          client
              .post(
                  pods(),
                  """
                  {'spec':{'containers':[{'image':'i:1','name':'c'}],'nodeName':'n'},
                   'metadata':{'name':'p','labels':{'b':'1','a':'2'}},'kind':'Pod','apiVersion':'v1'}\
                  """)
              .text();

      assertThat(text)
          .startsWith("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\",");
      assertThat(text).contains("\"labels\":{\"a\":\"2\",\"b\":\"1\"}");
      assertThat(text).contains("\"resources\":{}").contains("\"status\":{");
      assertThat(text).contains("\"restartPolicy\":\"Always\"");
      assertThat(text).contains("\"terminationMessagePath\":\"/dev/termination-log\"");
      assertThat(text).endsWith("}\n");
    }

    @Test
    void waitForTheirFinalizers() {
      client.post(configMaps(), "{'metadata':{'name':'a','finalizers':['example.com/x']}}");

      Answer deleted = client.delete(configMaps() + "/a");
      assertThat(deleted.json().at("/metadata/deletionTimestamp").asText()).isNotEmpty();
      assertThat(client.get(configMaps() + "/a").status()).isEqualTo(200);

      client.patch(configMaps() + "/a", "merge-patch", "{'metadata':{'finalizers':null}}");
      assertThat(client.get(configMaps() + "/a").status()).isEqualTo(404);
    }

    @Test
    void thatAreScheduledPodsGetTheirGracePeriod() {
      client.post(
          pods(),
          "{'metadata':{'name':'p'},'spec':{'nodeName':'n','containers':[{'name':'c','image':'i'}]}}");

      JsonNode deleted = client.delete(pods() + "/p").json();
      assertThat(deleted.at("/metadata/deletionGracePeriodSeconds").asInt()).isEqualTo(30);
      assertThat(client.get(pods() + "/p").status()).isEqualTo(200);

      client.send("DELETE", pods() + "/p?gracePeriodSeconds=0", "");
      assertThat(client.get(pods() + "/p").status()).isEqualTo(404);
    }

    @Test
    void areNotTouchedByDryRuns() {
      Answer created = client.post(configMaps() + "?dryRun=All", "{'metadata':{'name':'a'}}");

      assertThat(created.status()).isEqualTo(201);
      assertThat(client.get(configMaps() + "/a").status()).isEqualTo(404);
    }

    @Test
    void areDeletedTogether() {
      pod("a", "'app':'x'");
      pod("b", "'app':'x'");
      pod("c", "'app':'y'");

      assertThat(client.delete(pods() + "?labelSelector=app%3Dx").status()).isEqualTo(200);

      assertThat(names(client.get(pods()).json())).containsExactly("c");
    }
  }

  @Nested
  class Preconditions {
    @Test
    void refuseAnOldVersion() {
      JsonNode created = configMap("a", "'x':'1'");
      client.put(configMaps() + "/a", "{'metadata':{'name':'a'},'data':{'x':'2'}}");

      Answer stale =
          client.put(
              configMaps() + "/a",
              "{'metadata':{'name':'a','resourceVersion':'" + version(created) + "'}}");

      assertStatus(
          stale,
          409,
          "Conflict",
          "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please"
              + " apply your changes to the latest version and try again");
    }

    @Test
    void refuseAnotherObjectOfTheSameName() {
      configMap("a", "'x':'1'");

      Answer deleted =
          client.send(
              "DELETE",
              configMaps() + "/a",
              "{\"preconditions\":{\"uid\":\"other\"}}",
              "Content-Type",
              RawClient.JSON);

      assertThat(deleted.status()).isEqualTo(409);
      assertThat(deleted.json().get("message").asText())
          .contains("on ConfigMap \"a\": the UID in the precondition (other) does not match");
    }

    @Test
    void holdForPatchesThatNameAVersion() {
      JsonNode created = configMap("a", "'x':'1'");
      client.patch(configMaps() + "/a", "merge-patch", "{'data':{'x':'2'}}");

      Answer stale =
          client.patch(
              configMaps() + "/a",
              "merge-patch",
              "{'metadata':{'resourceVersion':'" + version(created) + "'},'data':{'x':'3'}}");

      assertThat(stale.status()).isEqualTo(409);
    }

    @Test
    void refuseTheSameNameTwice() {
      configMap("a", "");

      Answer second = client.post(configMaps(), "{'metadata':{'name':'a'}}");

      assertStatus(second, 409, "AlreadyExists", "configmaps \"a\" already exists");
      assertThat(second.json().get("details"))
          .isEqualTo(RawClient.parse("{\"name\":\"a\",\"kind\":\"configmaps\"}"));
    }
  }

  @Nested
  class Lists {
    @Test
    void comeInPagesOfOneState() {
      for (String name : List.of("c", "a-b", "a", "b", "d")) {
        configMap(name, "");
      }
      List<String> seen = new ArrayList<>();
      JsonNode page = client.get(configMaps() + "?limit=2").json();
      String first = version(page);
      assertThat(page.at("/metadata/remainingItemCount").asInt()).isEqualTo(3);
      seen.addAll(names(page));
      configMap("bb", "");
      while (!page.at("/metadata/continue").asText().isEmpty()) {
        page =
            client
                .get(configMaps() + "?limit=2&continue=" + page.at("/metadata/continue").asText())
                .json();
        assertThat(version(page)).isEqualTo(first);
        seen.addAll(names(page));
      }

      assertThat(seen).containsExactly("a", "a-b", "b", "c", "d");
    }

    @Test
    void showWhatWasWritten() {
      JsonNode created = configMap("a", "");

      JsonNode list = client.get(configMaps()).json();

      assertThat(list.get("kind").asText()).isEqualTo("ConfigMapList");
      assertThat(Long.parseLong(version(list)))
          .isGreaterThanOrEqualTo(Long.parseLong(version(created)));
      assertThat(list.at("/items/0").has("kind")).isFalse();
      assertThat(list.at("/items/0/metadata")).isEqualTo(created.get("metadata"));
    }

    @Test
    void ofNothingAreEmptyNotNull() {
      assertThat(client.get(pods()).text()).contains("\"items\":[]");
    }

    @Test
    void canBeAskedForExactlyAgain() {
      configMap("a", "");
      String version = version(client.get(configMaps()).json());
      configMap("b", "");

      JsonNode again =
          client
              .get(configMaps() + "?resourceVersionMatch=Exact&resourceVersion=" + version)
              .json();

      assertThat(names(again)).containsExactly("a");
      assertThat(version(again)).isEqualTo(version);
    }

    @Test
    void areSelectedByLabels() {
      pod("a", "'app':'x','tier':'1'");
      pod("b", "'app':'y','tier':'2'");
      pod("c", "'tier':'3'");

      assertThat(labelled("app=x")).containsExactly("a");
      assertThat(labelled("app!=x")).containsExactly("b", "c");
      assertThat(labelled("app in (x,y)")).containsExactly("a", "b");
      assertThat(labelled("app notin (x)")).containsExactly("b", "c");
      assertThat(labelled("!app")).containsExactly("c");
      assertThat(labelled("app")).containsExactly("a", "b");
      assertThat(labelled("tier>1,tier<3")).containsExactly("b");
      assertThat(labelled("app=")).isEmpty();
    }

    private List<String> labelled(String selector) {
      return names(client.get(pods() + "?labelSelector=" + encoded(selector)).json());
    }

    private List<String> fielded(String selector) {
      return names(client.get(pods() + "?fieldSelector=" + encoded(selector)).json());
    }

    @Test
    void areSelectedByFields() {
      pod("a", "");
      client.post(
          pods(),
          "{'metadata':{'name':'b'},'spec':{'nodeName':'n1','restartPolicy':'Never',"
              + "'containers':[{'name':'c','image':'i'}]}}");

      assertThat(fielded("metadata.name=a")).containsExactly("a");
      assertThat(fielded("spec.nodeName=n1")).containsExactly("b");
      assertThat(fielded("spec.nodeName!=n1")).containsExactly("a");
      assertThat(fielded("spec.restartPolicy=Never,status.phase=Pending")).containsExactly("b");
      assertThat(fielded("spec.hostNetwork=false")).containsExactly("a", "b");
      assertThat(fielded("status.podIP=")).containsExactly("a", "b");
    }

    @Test
    void refuseSelectorsThatTheyDoNotKnow() {
      assertStatus(
          client.get(pods() + "?fieldSelector=spec.foo%3D1"),
          400,
          "BadRequest",
          "field label not supported: spec.foo");
      assertStatus(
          client.get(configMaps() + "?fieldSelector=spec.foo%3D1"),
          400,
          "BadRequest",
          "\"spec.foo\" is not a known field selector: only \"metadata.name\","
              + " \"metadata.namespace\"");
      assertThat(client.get(pods() + "?labelSelector=" + encoded("a==b==c")).status())
          .isEqualTo(400);
    }

    @Test
    void refuseOptionsThatContradictEachOther() {
      for (String query :
          List.of(
              "resourceVersionMatch=Exact",
              "resourceVersionMatch=Exact&resourceVersion=0",
              "resourceVersionMatch=Other&resourceVersion=1",
              "sendInitialEvents=true")) {
        assertThat(client.get(pods() + "?" + query).status()).as(query).isEqualTo(422);
      }
      assertThat(client.get(pods() + "?resourceVersion=x").status()).isEqualTo(400);
      assertThat(client.get(pods() + "?limit=x").status()).isEqualTo(400);
      assertThat(client.get(pods() + "?continue=x").status()).isEqualTo(400);
    }

    @Test
    void waitForAStateOfTheFutureAndThenGiveUp() {
      Answer answer = client.get(pods() + "?resourceVersion=999999999999");

      assertThat(answer.status()).isEqualTo(504);
      assertThat(answer.header("retry-after")).isEqualTo("1");
      assertThat(answer.json().at("/details/causes/0/reason").asText())
          .isEqualTo("ResourceVersionTooLarge");
    }
  }

  private static String encoded(String text) {
    return java.net.URLEncoder.encode(text, java.nio.charset.StandardCharsets.UTF_8);
  }

  @Nested
  class Watches {
    @Test
    void goOnWhereAListEnded() {
      configMap("a", "");
      String version = version(client.get(configMaps()).json());
      try (Watch watch =
          client.watch(configMaps() + "?watch=1&timeoutSeconds=30&resourceVersion=" + version)) {
        JsonNode b = configMap("b", "'x':'1'");
        Answer changed = client.patch(configMaps() + "/b", "merge-patch", "{'data':{'x':'2'}}");
        client.delete(configMaps() + "/a");

        JsonNode added = required(watch);
        assertThat(added.get("type").asText()).isEqualTo("ADDED");
        assertThat(added.get("object")).isEqualTo(b);
        JsonNode modified = required(watch);
        assertThat(modified.get("type").asText()).isEqualTo("MODIFIED");
        assertThat(modified.get("object")).isEqualTo(changed.json());
        JsonNode deleted = required(watch);
        assertThat(deleted.get("type").asText()).isEqualTo("DELETED");
        assertThat(deleted.at("/object/metadata/name").asText()).isEqualTo("a");
        assertThat(Long.parseLong(version(deleted.get("object"))))
            .isGreaterThan(Long.parseLong(version(changed.json())));
      }
    }

    @Test
    void startWithWhatThereIsWhenNoVersionIsGiven() {
      configMap("a", "");
      configMap("b", "");
      for (String query : List.of("watch=true", "watch=true&resourceVersion=0")) {
        try (Watch watch = client.watch(configMaps() + "?timeoutSeconds=30&" + query)) {
          assertThat(List.of(name(required(watch)), name(required(watch))))
              .containsExactly("a", "b");
        }
      }
    }

    private static String name(JsonNode event) {
      assertThat(event.get("type").asText()).isEqualTo("ADDED");
      return event.at("/object/metadata/name").asText();
    }

    @Test
    void streamAListAndMarkItsEnd() {
      JsonNode a = configMap("a", "");
      try (Watch watch =
          client.watch(
              configMaps()
                  + "?watch=1&timeoutSeconds=30&sendInitialEvents=true&allowWatchBookmarks=true"
                  + "&resourceVersionMatch=NotOlderThan")) {
        assertThat(required(watch).get("object")).isEqualTo(a);
        JsonNode end = required(watch);
        assertThat(end.get("type").asText()).isEqualTo("BOOKMARK");
        assertThat(end.at("/object/metadata/annotations/k8s.io~1initial-events-end").asText())
            .isEqualTo("true");
        assertThat(end.at("/object/kind").asText()).isEqualTo("ConfigMap");
        assertThat(Long.parseLong(version(end.get("object"))))
            .isGreaterThanOrEqualTo(Long.parseLong(version(a)));
        configMap("b", "");
        assertThat(name(required(watch))).isEqualTo("b");
      }
    }

    @Test
    void seeObjectsEnterAndLeaveTheirSelector() {
      pod("p", "'app':'x'");
      String version = version(client.get(pods()).json());
      try (Watch watch =
          client.watch(
              pods()
                  + "?watch=1&timeoutSeconds=30&labelSelector=app%3Dx&resourceVersion="
                  + version)) {
        Answer left =
            client.patch(pods() + "/p", "merge-patch", "{'metadata':{'labels':{'app':'y'}}}");
        client.patch(pods() + "/p", "merge-patch", "{'metadata':{'labels':{'app':'x'}}}");

        JsonNode gone = required(watch);
        assertThat(gone.get("type").asText()).isEqualTo("DELETED");
        assertThat(gone.at("/object/metadata/labels/app").asText()).isEqualTo("x");
        assertThat(version(gone.get("object"))).isEqualTo(version(left.json()));
        assertThat(name(required(watch))).isEqualTo("p");
      }
    }

    @Test
    void endWhenTheirTimeIsUp() {
      try (Watch watch = client.watch(configMaps() + "?watch=1&timeoutSeconds=1")) {
        assertThat(watch.next()).isNull();
      }
    }

    @Test
    void answerTooOldVersionsWithOneErrorEvent() {
      // The history of changes does not survive a restart.
      cluster().restart();
      try (RawClient again = new RawClient(cluster().access());
          Watch watch = again.watch(configMaps() + "?watch=1&timeoutSeconds=5&resourceVersion=1")) {
        JsonNode error = required(watch);
        assertThat(error.get("type").asText()).isEqualTo("ERROR");
        assertThat(error.at("/object/kind").asText()).isEqualTo("Status");
        assertThat(error.at("/object/code").asInt()).isEqualTo(410);
        assertThat(error.at("/object/reason").asText()).isEqualTo("Expired");
        assertThat(error.at("/object/message").asText())
            .matches("too old resource version: 1 \\([0-9]+\\)");
        assertThat(watch.next()).isNull();
      }
    }

    @Test
    void refuseWhatMakesNoSense() {
      for (String query :
          List.of(
              "sendInitialEvents=true",
              "resourceVersionMatch=NotOlderThan&resourceVersion=1",
              "sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=1")) {
        assertThat(client.get(pods() + "?watch=1&" + query).status()).as(query).isEqualTo(422);
      }
      assertThat(client.get(pods() + "?watch=1&resourceVersion=x").status()).isEqualTo(500);
    }

    @Test
    void ofOneObjectAreAFieldSelectorAway() {
      configMap("a", "");
      configMap("b", "");
      try (Watch watch =
          client.watch(
              configMaps()
                  + "?watch=1&timeoutSeconds=30&resourceVersion=0&fieldSelector=metadata.name%3Db")) {
        assertThat(name(required(watch))).isEqualTo("b");
        client.delete(configMaps() + "/a");
        client.delete(configMaps() + "/b");
        JsonNode deleted = required(watch);
        assertThat(deleted.get("type").asText()).isEqualTo("DELETED");
        assertThat(deleted.at("/object/metadata/name").asText()).isEqualTo("b");
      }
    }

    @Test
    void workOverHttp1() {
      configMap("a", "");
      try (RawClient old = new RawClient(cluster().access(), HttpClient.Version.HTTP_1_1);
          Watch watch = old.watch(configMaps() + "?watch=1&timeoutSeconds=30")) {
        assertThat(name(required(watch))).isEqualTo("a");
      }
    }

    @Test
    void sendBookmarksToWhoAllowsThem() {
      Assumptions.assumeTrue(
          bookmarksAreFrequent(), "kube-apiserver sends bookmarks a minute or so apart");
      try (Watch watch =
          client.watch(
              configMaps()
                  + "?watch=1&timeoutSeconds=30&allowWatchBookmarks=true&resourceVersion="
                  + version(client.get(configMaps()).json()))) {
        assertBookmark(required(watch));
      }
    }

    private static void assertBookmark(JsonNode event) {
      assertThat(event.get("type").asText()).isEqualTo("BOOKMARK");
      assertThat(event.at("/object/kind").asText()).isEqualTo("ConfigMap");
      assertThat(version(event.get("object"))).matches("[1-9][0-9]*");
    }
  }

  @Nested
  class Protobuf {
    private static final String MAGIC = "6b387300";

    @Test
    void objectsHaveTheirEnvelope() {
      pod("p", "'a':'b'");

      Answer answer = client.get(pods() + "/p", "Accept", RawClient.PROTOBUF);

      assertThat(answer.header("content-type")).isEqualTo(RawClient.PROTOBUF);
      assertThat(HexFormat.of().formatHex(answer.body(), 0, 4)).isEqualTo(MAGIC);
      assertThat(kind(answer.body(), 4)).isEqualTo("v1 Pod");
      assertThat(podName(raw(answer.body(), 4))).isEqualTo("p");
    }

    @Test
    void listsHoldBareItems() {
      pod("p", "");
      pod("q", "");

      Answer answer = client.get(pods(), "Accept", RawClient.PROTOBUF);

      assertThat(kind(answer.body(), 4)).isEqualTo("v1 PodList");
      List<String> names = new ArrayList<>();
      for (ProtoReader list = raw(answer.body(), 4); list.next(); ) {
        if (list.field() == 2) {
          names.add(podName(list.message()));
        }
      }
      assertThat(names).containsExactly("p", "q");
    }

    @Test
    void watchesAreFramed() {
      pod("p", "");
      try (Watch watch =
          client.watch(pods() + "?watch=1&timeoutSeconds=30", "Accept", RawClient.PROTOBUF)) {
        assertThat(watch.contentType()).isEqualTo(RawClient.PROTOBUF + ";stream=watch");
        byte[] frame = Objects.requireNonNull(watch.frame());
        String type = "";
        byte[] object = new byte[0];
        for (ProtoReader event = new ProtoReader(frame); event.next(); ) {
          if (event.field() == 1) {
            type = event.string();
          } else {
            for (ProtoReader extension = event.message(); extension.next(); ) {
              object =
                  Arrays.copyOfRange(
                      extension.bytes(), extension.valueStart(), extension.valueEnd());
            }
          }
        }
        assertThat(type).isEqualTo("ADDED");
        assertThat(HexFormat.of().formatHex(object, 0, 4)).isEqualTo(MAGIC);
        assertThat(kind(object, 4)).isEqualTo("v1 Pod");
        assertThat(podName(raw(object, 4))).isEqualTo("p");
      }
    }

    @Test
    void bodiesAreUnderstood() {
      pod("p", "");
      byte[] body = client.get(pods() + "/p", "Accept", RawClient.PROTOBUF).body();

      Answer same = client.send("PUT", pods() + "/p", body, "Content-Type", RawClient.PROTOBUF);

      assertThat(same.status()).as(same.text()).isEqualTo(200);
      assertThat(same.json()).isEqualTo(client.get(pods() + "/p").json());
    }

    @Test
    void metadataAloneCanBeHad() {
      pod("p", "'a':'b'");

      Answer answer =
          client.get(
              pods(),
              "Accept",
              RawClient.PROTOBUF + ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");

      assertThat(kind(answer.body(), 4)).isEqualTo("meta.k8s.io/v1 PartialObjectMetadataList");
    }

    @Test
    void errorsAreStatusesInTheFormatAskedFor() {
      Answer answer = client.get(pods() + "/none", "Accept", RawClient.PROTOBUF);

      assertThat(answer.status()).isEqualTo(404);
      assertThat(kind(answer.body(), 4)).isEqualTo("v1 Status");
    }

    @Test
    void customResourcesHaveNone() {
      assertThat(
              client
                  .get("/apis/none.example.com/v1/nothing", "Accept", RawClient.PROTOBUF)
                  .status())
          .isEqualTo(404);
    }

    private static String kind(byte[] body, int start) {
      for (ProtoReader unknown = new ProtoReader(body, start, body.length); unknown.next(); ) {
        if (unknown.field() == 1) {
          String apiVersion = "";
          String kind = "";
          for (ProtoReader type = unknown.message(); type.next(); ) {
            if (type.field() == 1) {
              apiVersion = type.string();
            } else {
              kind = type.string();
            }
          }
          return apiVersion + " " + kind;
        }
      }
      return "";
    }

    private static ProtoReader raw(byte[] body, int start) {
      ProtoReader unknown = new ProtoReader(body, start, body.length);
      while (unknown.next()) {
        if (unknown.field() == 2) {
          return unknown.message();
        }
      }
      throw new AssertionError("no object in the envelope");
    }

    private static String podName(ProtoReader pod) {
      while (pod.next()) {
        if (pod.field() == 1) {
          for (ProtoReader meta = pod.message(); meta.next(); ) {
            if (meta.field() == 1) {
              return meta.string();
            }
          }
        }
      }
      return "";
    }
  }

  @Nested
  class Tables {
    @Test
    void showPods() {
      pod("p", "");

      JsonNode table = client.get(pods(), "Accept", TABLE).json();

      assertThat(table.get("kind").asText()).isEqualTo("Table");
      assertThat(columns(table))
          .containsExactly(
              "Name",
              "Ready",
              "Status",
              "Restarts",
              "Age",
              "IP",
              "Node",
              "Nominated Node",
              "Readiness Gates");
      JsonNode cells = table.at("/rows/0/cells");
      assertThat(cells.get(0).asText()).isEqualTo("p");
      assertThat(cells.get(1).asText()).isEqualTo("0/1");
      assertThat(cells.get(2).asText()).isEqualTo("Pending");
      assertThat(cells.get(6).asText()).isEqualTo("<none>");
      assertThat(table.at("/rows/0/object/kind").asText()).isEqualTo("PartialObjectMetadata");
    }

    @Test
    void defineTheirColumnsOnceInAWatch() {
      pod("p", "");
      pod("q", "");
      try (Watch watch = client.watch(pods() + "?watch=1&timeoutSeconds=30", "Accept", TABLE)) {
        JsonNode first = required(watch).get("object");
        JsonNode second = required(watch).get("object");
        assertThat(columns(first)).hasSize(9);
        assertThat(second.get("columnDefinitions").isNull()).isTrue();
        assertThat(second.at("/rows/0/cells/0").asText()).isEqualTo("q");
      }
    }

    @Test
    void leaveObjectsOutOnRequest() {
      pod("p", "");

      assertThat(
              client
                  .get(pods() + "?includeObject=None", "Accept", TABLE)
                  .json()
                  .at("/rows/0/object")
                  .isNull())
          .isTrue();
      assertThat(
              client
                  .get(pods() + "?includeObject=Object", "Accept", TABLE)
                  .json()
                  .at("/rows/0/object/spec/containers/0/name")
                  .asText())
          .isEqualTo("c");
      assertThat(client.get(pods() + "?includeObject=x", "Accept", TABLE).status()).isEqualTo(400);
    }

    @Test
    void areNoExcuseForAnError() {
      Answer answer = client.get(pods() + "/none", "Accept", TABLE);

      assertStatus(answer, 404, "NotFound", "pods \"none\" not found");
    }

    private static List<String> columns(JsonNode table) {
      return StreamSupport.stream(table.get("columnDefinitions").spliterator(), false)
          .map(column -> column.get("name").asText())
          .toList();
    }
  }

  @Nested
  class Patches {
    @Test
    void mergeAsRfc7386Says() {
      configMap("a", "'x':'1','y':'2'");

      JsonNode patched =
          client.patch(configMaps() + "/a", "merge-patch", "{'data':{'x':null,'z':'3'}}").json();

      assertThat(patched.get("data")).isEqualTo(RawClient.parse("{\"y\":\"2\",\"z\":\"3\"}"));
    }

    @Test
    void editAsRfc6902Says() {
      configMap("a", "'x':'1'");
      String path = configMaps() + "/a";

      assertThat(
              client
                  .patch(
                      path,
                      "json-patch",
                      "[{'op':'test','path':'/data/x','value':'1'},"
                          + "{'op':'add','path':'/data/y','value':'2'}]")
                  .json()
                  .at("/data/y")
                  .asText())
          .isEqualTo("2");
      assertStatus(
          client.patch(path, "json-patch", "[{'op':'test','path':'/data/x','value':'9'}]"),
          422,
          "Invalid",
          "the server rejected our request due to an error in our request");
    }

    @Test
    void mergeListsByTheirKey() {
      client.post(
          pods(),
          "{'metadata':{'name':'p'},'spec':{'containers':[{'name':'a','image':'i:1'},"
              + "{'name':'b','image':'i:1'}]}}");

      JsonNode patched =
          client
              .patch(
                  pods() + "/p",
                  "strategic-merge-patch",
                  "{'spec':{'containers':[{'name':'b','image':'i:2'}]}}")
              .json();

      assertThat(patched.at("/spec/containers")).hasSize(2);
      assertThat(patched.at("/spec/containers/0/image").asText()).isEqualTo("i:1");
      assertThat(patched.at("/spec/containers/1/image").asText()).isEqualTo("i:2");
    }

    @Test
    void applyCreatesMergesAndRemovesWhatItNoLongerSays() {
      String path = configMaps() + "/a?fieldManager=tests";
      Answer created =
          client.patch(
              path,
              "apply-patch",
              "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'},"
                  + "'data':{'x':'1','y':'2'}}");
      assertThat(created.status()).as(created.text()).isEqualTo(201);
      client.patch(configMaps() + "/a?fieldManager=other", "merge-patch", "{'data':{'z':'3'}}");

      JsonNode applied =
          client
              .patch(
                  path,
                  "apply-patch",
                  "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'},"
                      + "'data':{'x':'1'}}")
              .json();

      assertThat(applied.get("data")).isEqualTo(RawClient.parse("{\"x\":\"1\",\"z\":\"3\"}"));
    }

    @Test
    void applyRefusesToTakeOthersFields() {
      client.patch(
          configMaps() + "/a?fieldManager=one",
          "apply-patch",
          "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'},'data':{'x':'1'}}");
      String second =
          "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'},'data':{'x':'2'}}";

      Answer refused = client.patch(configMaps() + "/a?fieldManager=two", "apply-patch", second);
      Answer forced =
          client.patch(configMaps() + "/a?fieldManager=two&force=true", "apply-patch", second);

      assertStatus(
          refused, 409, "Conflict", "Apply failed with 1 conflict: conflict with \"one\": .data.x");
      assertThat(refused.json().at("/details/causes/0/reason").asText())
          .isEqualTo("FieldManagerConflict");
      assertThat(refused.json().at("/details/causes/0/field").asText()).isEqualTo(".data.x");
      assertThat(forced.json().at("/data/x").asText()).isEqualTo("2");
    }

    @Test
    void keepBooksOfWhoChangedWhat() {
      client.send(
          "POST",
          configMaps() + "?fieldManager=maker",
          "{\"metadata\":{\"name\":\"a\",\"labels\":{\"l\":\"1\"}},\"data\":{\"x\":\"1\"}}",
          "Content-Type",
          RawClient.JSON);

      JsonNode entries =
          client
              .patch(
                  configMaps() + "/a?fieldManager=changer",
                  "merge-patch",
                  "{'data':{'x':'2','y':'1'}}")
              .json()
              .at("/metadata/managedFields");

      // Ordered by time, in seconds, and by name within one.
      assertThat(entries).hasSize(2);
      assertThat(fieldsOf("changer", entries))
          .isEqualTo(RawClient.parse("{\"f:data\":{\"f:x\":{},\"f:y\":{}}}"));
      assertThat(fieldsOf("maker", entries))
          .isEqualTo(
              RawClient.parse(
                  "{\"f:data\":{},\"f:metadata\":{\"f:labels\":{\".\":{},\"f:l\":{}}}}"));
    }

    private static JsonNode fieldsOf(String manager, JsonNode entries) {
      for (JsonNode entry : entries) {
        if (entry.get("manager").asText().equals(manager)) {
          return entry.get("fieldsV1");
        }
      }
      throw new AssertionError(manager + " is not in " + entries);
    }
  }

  @Nested
  class CustomResources {
    private String group;
    private String path;

    @BeforeEach
    void define() {
      group = namespace + ".example.com";
      path = "/apis/" + group + "/v1/namespaces/" + namespace + "/widgets";
      Answer defined =
          client.post(
              "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
              """
              {'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition',
               'metadata':{'name':'widgets.GROUP'},'spec':{'group':'GROUP','scope':'Namespaced',
               'names':{'plural':'widgets','kind':'Widget','shortNames':['wd']},'versions':[
               {'name':'v1','served':true,'storage':true,'subresources':{'status':{},'scale':
               {'specReplicasPath':'.spec.replicas','statusReplicasPath':'.status.replicas',
               'labelSelectorPath':'.status.selector'}},'additionalPrinterColumns':[
               {'name':'Wanted','type':'integer','jsonPath':'.spec.replicas'},
               {'name':'Ready','type':'string','jsonPath':
               '.status.conditions[?(@.type=="Ready")].status'}],'schema':{'openAPIV3Schema':
               {'type':'object','properties':{'spec':{'type':'object','required':['size'],
               'properties':{'replicas':{'type':'integer','default':2,'minimum':0},
               'size':{'type':'string','enum':['S','M']}}},'status':{'type':'object',
               'x-kubernetes-preserve-unknown-fields':true}}}}}]}}
              """
                  .replace("GROUP", group)
                  .replace("\"Ready\"", "\\\"Ready\\\""));
      assertThat(defined.status()).as(defined.text()).isEqualTo(201);
      org.awaitility.Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> client.get("/apis/" + group + "/v1").status() == 200);
      org.awaitility.Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> client.get(path).status() == 200);
    }

    @AfterEach
    void remove() {
      client.delete("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets." + group);
    }

    private Answer widget(String name, String spec) {
      return client.post(
          path,
          "{'apiVersion':'%s/v1','kind':'Widget','metadata':{'name':'%s'},'spec':{%s}}"
              .formatted(group, name, spec));
    }

    @Test
    void areDefaultedAndPruned() {
      JsonNode created = widget("a", "'size':'S','unknown':1").json();

      assertThat(created.get("spec")).isEqualTo(RawClient.parse("{\"replicas\":2,\"size\":\"S\"}"));
      assertThat(created.at("/metadata/generation").asInt()).isEqualTo(1);
    }

    @Test
    void areValidated() {
      Answer wrong = widget("a", "'replicas':-1");

      assertThat(wrong.status()).isEqualTo(422);
      assertThat(wrong.json().get("message").asText())
          .startsWith("Widget." + group + " \"a\" is invalid: [")
          .contains("spec.size: Required value")
          .contains(
              "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or"
                  + " equal to 0");
    }

    @Test
    void refuseUnknownFieldsWhenStrict() {
      Answer refused =
          client.post(
              path + "?fieldValidation=Strict",
              "{'apiVersion':'%s/v1','kind':'Widget','metadata':{'name':'a'},'spec':{'size':'S','x':1}}"
                  .formatted(group));

      assertStatus(
          refused,
          400,
          "BadRequest",
          "Widget in version \"v1\" cannot be handled as a Widget: strict decoding error: unknown"
              + " field \"spec.x\"");
    }

    @Test
    void areScaled() {
      widget("a", "'size':'S'");
      client.patch(
          path + "/a/status", "merge-patch", "{'status':{'replicas':1,'selector':'app=a'}}");

      Answer scaled = client.patch(path + "/a/scale", "merge-patch", "{'spec':{'replicas':5}}");

      assertThat(scaled.status()).as(scaled.text()).isEqualTo(200);
      assertThat(scaled.json().get("kind").asText()).isEqualTo("Scale");
      assertThat(scaled.json().at("/spec/replicas").asInt()).isEqualTo(5);
      assertThat(scaled.json().get("status"))
          .isEqualTo(RawClient.parse("{\"replicas\":1,\"selector\":\"app=a\"}"));
      JsonNode widget = client.get(path + "/a").json();
      assertThat(widget.at("/spec/replicas").asInt()).isEqualTo(5);
      assertThat(widget.at("/metadata/generation").asInt()).isEqualTo(2);
    }

    @Test
    void keepStatusAndSpecApart() {
      widget("a", "'size':'S'");

      client.patch(path + "/a", "merge-patch", "{'spec':{'size':'M'},'status':{'x':1}}");
      client.patch(path + "/a/status", "merge-patch", "{'spec':{'size':'S'},'status':{'y':2}}");

      JsonNode widget = client.get(path + "/a").json();
      assertThat(widget.at("/spec/size").asText()).isEqualTo("M");
      assertThat(widget.get("status")).isEqualTo(RawClient.parse("{\"y\":2}"));
    }

    @Test
    void arePrintedByTheirColumns() {
      widget("a", "'size':'S'");
      client.patch(
          path + "/a/status",
          "merge-patch",
          "{'status':{'conditions':[{'type':'Other','status':'x'},"
              + "{'type':'Ready','status':'True'}]}}");

      JsonNode table = client.get(path, "Accept", TABLE).json();

      assertThat(table.get("columnDefinitions").toString()).contains("Wanted").contains("Ready");
      assertThat(table.at("/rows/0/cells").toString()).isEqualTo("[\"a\",2,\"True\"]");
    }

    @Test
    void needAVersionToBeReplaced() {
      widget("a", "'size':'S'");

      Answer put =
          client.put(
              path + "/a",
              "{'apiVersion':'%s/v1','kind':'Widget','metadata':{'name':'a'},'spec':{'size':'M'}}"
                  .formatted(group));

      assertThat(put.status()).isEqualTo(422);
      assertThat(put.json().get("message").asText()).contains("must be specified for an update");
    }

    @Test
    void knowNoStrategicPatchAndNoProtobuf() {
      widget("a", "'size':'S'");

      assertThat(client.patch(path + "/a", "strategic-merge-patch", "{}").status()).isEqualTo(415);
      assertThat(client.get(path + "/a", "Accept", RawClient.PROTOBUF).status()).isEqualTo(406);
    }

    @Test
    void areFoundByDiscoveryAndGoWithTheirDefinition() {
      widget("a", "'size':'S'");
      JsonNode resources = client.get("/apis/" + group + "/v1").json();
      assertThat(resources.toString()).contains("\"shortNames\":[\"wd\"]");
      assertThat(resources.toString()).contains("widgets/scale");

      client.delete("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets." + group);

      org.awaitility.Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> client.get(path).status() == 404);
    }

    @Test
    void areWatched() {
      try (Watch watch =
          client.watch(
              path
                  + "?watch=1&timeoutSeconds=30&resourceVersion="
                  + version(client.get(path).json()))) {
        JsonNode created = widget("a", "'size':'S'").json();
        assertThat(required(watch).get("object")).isEqualTo(created);
      }
    }
  }

  @Nested
  class Events {
    @Test
    void areOneCollectionInTwoGroups() {
      Answer created =
          client.post(
              "/api/v1/namespaces/" + namespace + "/events",
              """
              {'metadata':{'name':'e'},'involvedObject':{'kind':'Pod','name':'p','namespace':'%s'},
               'reason':'Pulled','message':'m','type':'Normal','count':3,'source':{'component':'kubelet'},
               'firstTimestamp':'2026-06-02T09:00:00Z','lastTimestamp':'2026-06-02T09:00:00Z'}
              """
                  .formatted(namespace));
      assertThat(created.status()).as(created.text()).isEqualTo(201);

      JsonNode other =
          client.get("/apis/events.k8s.io/v1/namespaces/" + namespace + "/events/e").json();

      assertThat(other.get("apiVersion").asText()).isEqualTo("events.k8s.io/v1");
      assertThat(other.at("/regarding/name").asText()).isEqualTo("p");
      assertThat(other.get("note").asText()).isEqualTo("m");
      assertThat(other.get("deprecatedCount").asInt()).isEqualTo(3);
      assertThat(version(other)).isEqualTo(version(created.json()));
      String selector = "?fieldSelector=" + encoded("involvedObject.name=p,type=Normal");
      assertThat(names(client.get("/api/v1/namespaces/" + namespace + "/events" + selector).json()))
          .containsExactly("e");
      assertThat(
              client
                  .get("/apis/events.k8s.io/v1/namespaces/" + namespace + "/events" + selector)
                  .status())
          .isEqualTo(400);
    }
  }

  @Nested
  class Identities {
    @Test
    void decideWhatIsAllowed() {
      assertStatus(
          client.get(pods(), "Impersonate-User", "jane"),
          403,
          "Forbidden",
          "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" in the"
              + " namespace \""
              + namespace
              + "\"");
      client.post(
          "/apis/rbac.authorization.k8s.io/v1/namespaces/" + namespace + "/roles",
          "{'metadata':{'name':'r'},'rules':[{'apiGroups':[''],'resources':['pods'],"
              + "'verbs':['list','watch']},{'apiGroups':[''],'resources':['configmaps'],"
              + "'verbs':['get','list'],'resourceNames':['one']}]}");
      client.post(
          "/apis/rbac.authorization.k8s.io/v1/namespaces/" + namespace + "/rolebindings",
          "{'metadata':{'name':'b'},'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'Role',"
              + "'name':'r'},'subjects':[{'apiGroup':'rbac.authorization.k8s.io','kind':'Group',"
              + "'name':'team'}]}");
      String[] jane = {"Impersonate-User", "jane", "Impersonate-Group", "team"};

      org.awaitility.Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> client.get(pods(), jane).status() == 200);
      assertThat(client.get(pods() + "/p/log", jane).status()).isEqualTo(403);
      assertThat(client.get(configMaps(), jane).status()).isEqualTo(403);
      assertThat(client.get(configMaps() + "?fieldSelector=metadata.name%3Done", jane).status())
          .isEqualTo(200);
    }

    @Test
    void areJudgedByReviews() {
      JsonNode review =
          client
              .post(
                  "/apis/authorization.k8s.io/v1/subjectaccessreviews",
                  "{'spec':{'user':'jane','groups':['system:masters'],'resourceAttributes':"
                      + "{'verb':'get','resource':'pods','namespace':'x'}}}")
              .json();
      assertThat(review.at("/status/allowed").asBoolean()).isTrue();

      JsonNode self =
          RawClient.parse(
              client
                  .send(
                      "POST",
                      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                      "{\"spec\":{\"resourceAttributes\":{\"verb\":\"list\",\"resource\":\"pods\"}}}",
                      "Content-Type",
                      RawClient.JSON,
                      "Impersonate-User",
                      "jane")
                  .text());
      assertThat(self.at("/status/allowed").asBoolean()).isFalse();
    }

    @Test
    void needAUserToImpersonateAGroup() {
      assertThat(client.get(pods(), "Impersonate-Group", "team").status()).isEqualTo(400);
    }

    @Test
    void ofServiceAccountsHaveTokens() {
      client.post(
          "/api/v1/namespaces/" + namespace + "/serviceaccounts", "{'metadata':{'name':'robot'}}");
      JsonNode request =
          client
              .post(
                  "/api/v1/namespaces/" + namespace + "/serviceaccounts/robot/token",
                  "{'spec':{'expirationSeconds':3600}}")
              .json();
      String token = request.at("/status/token").asText();
      assertThat(token).isNotEmpty();

      JsonNode review =
          client
              .post(
                  "/apis/authentication.k8s.io/v1/tokenreviews",
                  "{'spec':{'token':'" + token + "'}}")
              .json();

      assertThat(review.at("/status/authenticated").asBoolean()).isTrue();
      assertThat(review.at("/status/user/username").asText())
          .isEqualTo("system:serviceaccount:" + namespace + ":robot");
    }

    @Test
    void thatAreWrongAreNotLetIn() {
      var access = cluster().access();
      try (RawClient anonymous =
          new RawClient(
              new io.multicluster.testclusters.ClusterAccess(
                  access.name(), access.server(), access.caCertificate(), "", ""))) {
        assertStatus(
            anonymous.get("/api/v1/pods", "Authorization", "Bearer wrong"),
            401,
            "Unauthorized",
            "Unauthorized");
        assertThat(anonymous.get("/api/v1/pods").status()).isEqualTo(403);
        assertThat(anonymous.get("/readyz").status()).isEqualTo(200);
      }
    }
  }

  @Nested
  class Errors {
    @Test
    void nameWhatIsWrong() {
      assertStatus(
          client.get("/api/v1/nothing"),
          404,
          "NotFound",
          "the server could not find the requested resource");
      assertStatus(
          client.put(configMaps(), "{}"),
          405,
          "MethodNotAllowed",
          "the server does not allow this method on the requested resource");
      assertStatus(
          client.get(pods(), "Accept", "text/html"),
          406,
          "NotAcceptable",
          "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml,"
              + " application/vnd.kubernetes.protobuf, application/json;stream=watch,"
              + " application/vnd.kubernetes.protobuf;stream=watch");
      assertStatus(
          client.send("POST", configMaps(), "x", "Content-Type", "text/plain"),
          415,
          "UnsupportedMediaType",
          "the body of the request was in an unknown format - accepted media types include:"
              + " application/json, application/yaml, application/vnd.kubernetes.protobuf");
      assertStatus(
          client.post("/api/v1/namespaces/none/configmaps", "{'metadata':{'name':'a'}}"),
          404,
          "NotFound",
          "namespaces \"none\" not found");
      assertStatus(
          client.post(configMaps(), "{'metadata':{'name':'a','namespace':'other'}}"),
          400,
          "BadRequest",
          "the namespace of the provided object does not match the namespace sent on the request");
      assertStatus(
          client.post(pods(), "{'metadata':{'name':'p'},'spec':{}}"),
          422,
          "Invalid",
          "Pod \"p\" is invalid: spec.containers: Required value");
      assertStatus(
          client.post(configMaps() + "?fieldValidation=Strict", "{'metadata':{'name':'a'},'x':1}"),
          400,
          "BadRequest",
          "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error:"
              + " unknown field \"x\"");
      assertStatus(
          client.post(configMaps(), "{'metadata':{}}"),
          422,
          "Invalid",
          "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is"
              + " required");
    }

    @Test
    void warnOfUnknownFieldsUnlessToldOtherwise() {
      Answer answer = client.post(configMaps(), "{'metadata':{'name':'a'},'x':1}");

      assertThat(answer.status()).isEqualTo(201);
      assertThat(answer.header("warning")).isEqualTo("299 - \"unknown field \\\"x\\\"\"");
    }

    @Test
    void everyAnswerHasAnAuditId() {
      assertThat(client.get(pods()).header("audit-id")).isNotEmpty();
      assertThat(client.get(pods(), "Audit-Id", "mine").header("audit-id")).isEqualTo("mine");
      assertThat(client.get(pods()).header("cache-control")).isEqualTo("no-cache, private");
    }

    @Test
    void largeAnswersAreCompressedForWhoWantsIt() {
      configMap("large", "'x':'" + "0123456789".repeat(20_000) + "'");

      Answer answer = client.get(configMaps(), "Accept-Encoding", "gzip");

      assertThat(answer.header("content-encoding")).isEqualTo("gzip");
      assertThat(answer.body().length).isLessThan(100_000);
    }
  }
}
