package io.multicluster.testclusters.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import io.multicluster.testclusters.contract.RawClient.Answer;
import io.multicluster.testclusters.simulated.SimulatedCluster;
import io.multicluster.testclusters.simulated.SimulatedClusters;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Asks a real API server and the simulated one the same, in the same order, and compares status,
 * content type and content, but for what must differ: identities, versions, times.
 */
class SameAnswersTest {
  private static final YAMLMapper YAML = new YAMLMapper();
  private static final String TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
  private static final String PARTIAL =
      "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";

  /**
   * One question.
   *
   * @param accept empty: JSON
   */
  private record Question(
      String method, String path, String contentType, String body, String accept) {

    static Question get(String path) {
      return new Question("GET", path, "", "", "");
    }

    static Question post(String path, String body) {
      return new Question("POST", path, "application/json", body, "");
    }

    static Question put(String path, String body) {
      return new Question("PUT", path, "application/json", body, "");
    }

    static Question patch(String path, String kind, String body) {
      return new Question("PATCH", path, "application/" + kind, body, "");
    }

    static Question delete(String path) {
      return new Question("DELETE", path, "", "", "");
    }

    Question accepting(String type) {
      return new Question(method, path, contentType, body, type);
    }

    Answer ask(RawClient client) {
      List<String> headers = new ArrayList<>(List.of("User-Agent", "same-answers/1"));
      if (!contentType.isEmpty()) {
        headers.addAll(List.of("Content-Type", contentType));
      }
      if (!accept.isEmpty()) {
        headers.addAll(List.of("Accept", accept));
      }
      return client.send(method, path, body.replace('\'', '"'), headers.toArray(String[]::new));
    }

    @Override
    public String toString() {
      return method + " " + path + (accept.isEmpty() ? "" : " as " + accept) + " " + body;
    }
  }

  private static final String NAMESPACED = "/api/v1/namespaces/same";
  private static final String MAPS = NAMESPACED + "/configmaps";
  private static final String PODS = NAMESPACED + "/pods";
  private static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/same/deployments";
  private static final String RBAC = "/apis/rbac.authorization.k8s.io/v1";
  private static final String REVIEWS = "/apis/authorization.k8s.io/v1";
  private static final String DEFINITIONS =
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  private static final String THINGS = "/apis/same.example.com/v1/namespaces/same/things";
  private static final String POD =
      """
      {'metadata':{'name':'p','labels':{'app':'x'}},'spec':{'nodeName':'n1','containers':[
       {'name':'a','image':'r/a:1','ports':[{'containerPort':80}],'env':[{'name':'E','value':'1'}],
       'resources':{'requests':{'cpu':'100m'}},'readinessProbe':{'httpGet':{'path':'/','port':80}}},
       {'name':'b','image':'r/b'}],'volumes':[{'name':'v','configMap':{'name':'m'}},
       {'name':'e','emptyDir':{}}]}}
      """;
  private static final String DEPLOYMENT =
      """
      {'metadata':{'name':'d'},'spec':{'replicas':2,'selector':{'matchLabels':{'app':'d'}},
       'template':{'metadata':{'labels':{'app':'d'}},'spec':{'containers':[{'name':'c','image':'i:1'}]}}}}
      """;
  private static final String DEFINITION =
      """
      {'metadata':{'name':'things.same.example.com'},'spec':{'group':'same.example.com',
       'scope':'Namespaced','names':{'plural':'things','kind':'Thing'},'versions':[{'name':'v1',
       'served':true,'storage':true,'subresources':{'status':{},'scale':{'specReplicasPath':
       '.spec.replicas','statusReplicasPath':'.status.replicas'}},'additionalPrinterColumns':[
       {'name':'N','type':'integer','jsonPath':'.spec.replicas','description':'how many'}],
       'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'type':'object','properties':
       {'replicas':{'type':'integer','minimum':0},'list':{'type':'array','items':{'type':'string'}}}},
       'status':{'type':'object','properties':{'replicas':{'type':'integer'}}}}}}}]}}
      """;
  private static final String THING =
      "{'apiVersion':'same.example.com/v1','kind':'Thing','metadata':{'name':'t'},"
          + "'spec':{'replicas':3,'list':['b','a']}}";

  private static final Question NODE =
      Question.post(
          "/api/v1/nodes",
          "{'metadata':{'name':'n1'},'status':{'capacity':{'cpu':'2'},"
              + "'conditions':[{'type':'Ready','status':'True'}]}}");

  private static final List<Question> QUESTIONS =
      List.of(
          Question.post("/api/v1/namespaces", "{'metadata':{'name':'same'}}"),
          Question.get("/api/v1/namespaces/same"),
          Question.get("/api/v1/namespaces/same").accepting(TABLE),
          // Config maps.
          Question.post(
              MAPS, "{'metadata':{'name':'m','annotations':{'z':'<&>'}},'data':{'b':'2','a':'1'}}"),
          Question.post(MAPS, "{'metadata':{'name':'m'}}"),
          Question.get(MAPS + "/m"),
          Question.get(MAPS + "/m?pretty=true"),
          Question.get(MAPS + "/m").accepting("application/yaml"),
          Question.get(MAPS + "/m").accepting(TABLE),
          Question.get(MAPS + "/m").accepting(PARTIAL),
          Question.get(MAPS).accepting(PARTIAL),
          Question.get(MAPS),
          Question.get(MAPS).accepting(TABLE),
          Question.get(MAPS + "/none"),
          Question.put(
              MAPS + "/m", "{'metadata':{'name':'m'},'data':{'a':'3'},'binaryData':{'x':'AAE='}}"),
          Question.put(MAPS + "/m", "{'metadata':{'name':'other'}}"),
          Question.put(MAPS + "/none", "{'metadata':{'name':'none'}}"),
          Question.put(MAPS + "/m", "{'metadata':{'name':'m','uid':'x'}}"),
          Question.put(MAPS + "/m", "{'metadata':{'name':'m','resourceVersion':'5'}}"),
          Question.patch(MAPS + "/m", "merge-patch+json", "{'data':{'a':null,'c':'4'}}"),
          Question.patch(
              MAPS + "/m", "strategic-merge-patch+json", "{'metadata':{'labels':{'l':'1'}}}"),
          Question.patch(
              MAPS + "/m", "json-patch+json", "[{'op':'remove','path':'/metadata/labels/l'}]"),
          Question.patch(MAPS + "/m", "json-patch+json", "[{'op':'remove','path':'/nothing'}]"),
          Question.patch(MAPS + "/m", "json-patch+json", "{'op':'remove'}"),
          Question.patch(MAPS + "/m", "unknown+json", "{}"),
          Question.patch(MAPS + "/none", "merge-patch+json", "{}"),
          Question.patch(MAPS + "/m", "apply-patch+yaml", "{}"),
          Question.patch(
              MAPS + "/s?fieldManager=me",
              "apply-patch+yaml",
              "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'s'},'data':{'k':'v'}}"),
          Question.patch(
              MAPS + "/s?fieldManager=you",
              "apply-patch+yaml",
              "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'s'},'data':{'k':'w'}}"),
          Question.patch(
              MAPS + "/s?fieldManager=you&force=true",
              "apply-patch+yaml",
              "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'s'},'data':{'k':'w'}}"),
          Question.delete(MAPS + "/s?dryRun=All"),
          Question.delete(MAPS + "/s"),
          Question.delete(MAPS + "/s"),
          // Bodies that are wrong.
          Question.post(MAPS, "{'metadata':{'name':'UPPER'}}"),
          Question.post(MAPS, "{'metadata':{'name':'a','namespace':'b'}}"),
          Question.post(MAPS, "{'metadata':{'name':'a','resourceVersion':'1'}}"),
          Question.post(MAPS, "{'kind':'Secret','apiVersion':'v1','metadata':{'name':'a'}}"),
          Question.post(MAPS, "{'metadata':{'name':'a'},'data':{'n':1}}"),
          Question.post(MAPS + "?dryRun=Some", "{'metadata':{'name':'a'}}"),
          Question.post(MAPS + "?fieldValidation=Strict", "{'metadata':{'name':'a','x':1},'y':2}"),
          Question.post("/api/v1/namespaces/none/configmaps", "{'metadata':{'name':'a'}}"),
          Question.post(MAPS, "{'metadata':{}}"),
          // Paths that are wrong.
          Question.get("/api/v1/nothing"),
          Question.get("/apis/apps/v1/nothing"),
          Question.get("/apis/nothing/v1/nothing"),
          Question.get(MAPS + "/m/status"),
          Question.post(MAPS + "/m", "{}"),
          Question.put(MAPS, "{}"),
          Question.get(MAPS + "?timeout=x"),
          Question.get(MAPS + "?limit=x"),
          Question.get(MAPS + "?resourceVersion=x"),
          Question.get(MAPS + "?resourceVersionMatch=Exact"),
          Question.get(MAPS + "?resourceVersionMatch=Exact&resourceVersion=0"),
          Question.get(MAPS + "?resourceVersionMatch=Some&resourceVersion=1"),
          Question.get(MAPS + "?sendInitialEvents=true"),
          Question.get(MAPS + "?continue=x"),
          Question.get(MAPS + "?fieldSelector=spec.x%3D1"),
          Question.get(MAPS + "?fieldSelector=x"),
          Question.get(PODS + "?fieldSelector=spec.x%3D1"),
          Question.get(MAPS + "?watch=1&resourceVersion=x"),
          Question.get(MAPS + "?watch=1&sendInitialEvents=true"),
          Question.get(MAPS + "?watch=1&resourceVersionMatch=NotOlderThan"),
          Question.get(MAPS + "?watch=1&continue=x"),
          Question.get(MAPS).accepting("text/html"),
          Question.get(MAPS + "?watch=1").accepting("application/yaml"),
          Question.get(MAPS + "?includeObject=x").accepting(TABLE),
          // Secrets, service accounts, leases, nodes.
          Question.post(
              NAMESPACED + "/secrets", "{'metadata':{'name':'s'},'stringData':{'k':'v'}}"),
          Question.get(NAMESPACED + "/secrets?fieldSelector=type%3DOpaque"),
          Question.get(NAMESPACED + "/secrets").accepting(TABLE),
          Question.post(NAMESPACED + "/serviceaccounts", "{'metadata':{'name':'sa'}}"),
          Question.post(
              "/apis/coordination.k8s.io/v1/namespaces/same/leases",
              "{'metadata':{'name':'l'},'spec':{'holderIdentity':'me','leaseDurationSeconds':15,"
                  + "'renewTime':'2026-06-02T09:00:00.123456Z'}}"),
          NODE,
          // Pods.
          Question.post(PODS, POD),
          Question.get(PODS + "/p"),
          Question.get(PODS).accepting(TABLE),
          Question.patch(
              PODS + "/p/status",
              "strategic-merge-patch+json",
              "{'status':{'phase':'Running','podIP':'10.1.2.3','podIPs':[{'ip':'10.1.2.3'}],"
                  + "'conditions':[{'type':'Ready','status':'True'}],'containerStatuses':["
                  + "{'name':'a','image':'r/a:1','imageID':'','ready':true,'restartCount':2,"
                  + "'state':{'running':{'startedAt':'2026-06-02T09:00:00Z'}},'lastState':{}}]}}"),
          Question.get(PODS + "?fieldSelector=status.phase%3DRunning,spec.nodeName%3Dn1"),
          Question.patch(
              PODS + "/p",
              "strategic-merge-patch+json",
              "{'spec':{'containers':[{'name':'b','image':'r/b:2'}]}}"),
          Question.delete(PODS + "/p"),
          Question.delete(PODS + "/p?gracePeriodSeconds=0"),
          Question.post(PODS, "{'metadata':{'name':'q'},'spec':{'containers':[]}}"),
          Question.post(
              PODS, "{'metadata':{'name':'q'},'spec':{'containers':[{'name':'c','image':'i'}]}}"),
          Question.delete(PODS + "/q"),
          // Deployments and scale.
          Question.post(DEPLOYMENTS, DEPLOYMENT),
          Question.get(DEPLOYMENTS + "/d/scale"),
          Question.patch(DEPLOYMENTS + "/d/scale", "merge-patch+json", "{'spec':{'replicas':5}}"),
          Question.put(DEPLOYMENTS + "/d/scale", "{'metadata':{'name':'d'},'spec':{'replicas':1}}"),
          Question.patch(
              DEPLOYMENTS + "/d",
              "strategic-merge-patch+json",
              "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'i:2'}]}}}}"),
          Question.patch(DEPLOYMENTS + "/d", "merge-patch+json", "{'spec':{'replicas':-1}}"),
          Question.delete(DEPLOYMENTS + "/d"),
          // Events.
          Question.post(
              NAMESPACED + "/events",
              "{'metadata':{'name':'e'},'involvedObject':{'kind':'Pod','name':'p','namespace':'same'},"
                  + "'reason':'R','message':'m','type':'Normal','count':1,"
                  + "'source':{'component':'k','host':'h'},'firstTimestamp':'2026-06-02T09:00:00Z',"
                  + "'lastTimestamp':'2026-06-02T09:00:00Z'}"),
          Question.get(NAMESPACED + "/events/e"),
          Question.get("/apis/events.k8s.io/v1/namespaces/same/events/e"),
          Question.get(NAMESPACED + "/events?fieldSelector=involvedObject.name%3Dp,source%3Dk"),
          Question.get("/apis/events.k8s.io/v1/namespaces/same/events?fieldSelector=source%3Dk"),
          // Custom resources.
          Question.post(DEFINITIONS, DEFINITION),
          Question.get(THINGS),
          Question.post(THINGS, THING),
          Question.post(THINGS, "{'metadata':{'name':'t'}}"),
          Question.post(THINGS, THING.replace("'t'", "'u'").replace("3", "-1")),
          Question.post(THINGS, THING.replace("'t'", "'u'").replace("3", "'x'")),
          Question.post(
              THINGS + "?fieldValidation=Strict",
              THING.replace("'t'", "'u'").replace("'list'", "'l'")),
          Question.get(THINGS + "/t"),
          Question.get(THINGS).accepting(TABLE),
          Question.get(THINGS).accepting(RawClient.PROTOBUF),
          Question.patch(
              THINGS + "/t", "merge-patch+json", "{'spec':{'replicas':4},'status':{'replicas':4}}"),
          Question.patch(
              THINGS + "/t/status",
              "merge-patch+json",
              "{'spec':{'replicas':9},'status':{'replicas':4}}"),
          Question.get(THINGS + "/t/scale"),
          Question.patch(THINGS + "/t/scale", "merge-patch+json", "{'spec':{'replicas':7}}"),
          Question.patch(THINGS + "/t", "strategic-merge-patch+json", "{}"),
          Question.put(THINGS + "/t", THING),
          Question.patch(THINGS + "/t?fieldManager=me", "apply-patch+yaml", THING),
          Question.patch(
              THINGS + "/v?fieldManager=me", "apply-patch+yaml", THING.replace("'t'", "'v'")),
          Question.get(THINGS + "?fieldSelector=spec.replicas%3D1"),
          Question.delete(THINGS + "/t"),
          // Permissions.
          Question.post(
              RBAC + "/namespaces/same/roles",
              "{'metadata':{'name':'r'},'rules':[{'apiGroups':[''],'resources':['pods'],'verbs':['get']}]}"),
          Question.post(
              RBAC + "/namespaces/same/rolebindings",
              "{'metadata':{'name':'b'},'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'Role',"
                  + "'name':'r'},'subjects':[{'kind':'User','name':'jane'}]}"),
          Question.post(
              REVIEWS + "/subjectaccessreviews",
              "{'spec':{'user':'jane','resourceAttributes':{'verb':'get','resource':'pods','namespace':'same'}}}"),
          Question.post(
              REVIEWS + "/subjectaccessreviews",
              "{'spec':{'user':'jane','resourceAttributes':{'verb':'list','resource':'pods','namespace':'same'}}}"),
          Question.post(
              REVIEWS + "/subjectaccessreviews", "{'spec':{'resourceAttributes':{'verb':'get'}}}"),
          Question.post(
              REVIEWS + "/selfsubjectaccessreviews",
              "{'spec':{'nonResourceAttributes':{'verb':'get','path':'/x'}}}"),
          Question.post("/apis/authentication.k8s.io/v1/tokenreviews", "{'spec':{'token':'none'}}"),
          Question.delete(NAMESPACED + "/configmaps/m"));

  /** Answers that differ, and why they may. */
  private static final Map<Question, String> KNOWN =
      Map.of(NODE, "admission taints new nodes and fills in what they can allocate");

  @Test
  void realAndSimulatedServersAnswerAlike(@TempDir Path folder) {
    RealClusters.assumeAvailable();
    try (SimulatedClusters simulatedClusters = new SimulatedClusters();
        SimulatedCluster simulated =
            simulatedClusters.start(ClusterSpec.bare("simulated", folder.resolve("simulated")));
        TestCluster real =
            new RealClusters(System.err::println)
                .start(ClusterSpec.bare("real", folder.resolve("real")));
        RawClient ofSimulated = new RawClient(simulated.access());
        RawClient ofReal = new RawClient(real.access())) {
      SoftAssertions answers = new SoftAssertions();
      for (Question question : QUESTIONS) {
        String expected = shown(askPatiently(question, ofReal));
        String found = shown(question.ask(ofSimulated));
        if (KNOWN.containsKey(question)) {
          answers.assertThat(found).as("no longer differs: " + question).isNotEqualTo(expected);
        } else {
          answers.assertThat(found).as(question.toString()).isEqualTo(expected);
        }
      }
      answers.assertAll();
    }
  }

  /** A definition is not served at once by a real server. */
  private static Answer askPatiently(Question question, RawClient client) {
    if (question.path().equals(THINGS) && question.method().equals("GET")) {
      org.awaitility.Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> client.get(THINGS).status() == 200);
    }
    return question.ask(client);
  }

  private static String shown(Answer answer) {
    String type = answer.header("content-type");
    String body =
        switch (type) {
          case "application/json" -> normal(answer.json()).toPrettyString();
          // Quotes and the folding of lines are the writer's choice.
          case "application/yaml" -> normal(yaml(answer.text())).toPrettyString();
          default -> answer.text();
        };
    return answer.status() + " " + type + "\n" + body;
  }

  private static JsonNode yaml(String text) {
    try {
      return YAML.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError("not YAML: " + text, e);
    }
  }

  private static JsonNode normal(JsonNode node) {
    if (node instanceof ObjectNode object) {
      for (String name : object.propertyStream().map(Map.Entry::getKey).toList()) {
        switch (name) {
          case "uid", "resourceVersion", "continue" -> object.put(name, "<" + name + ">");
          // Who owns which defaulted field: the simulated server knows the fields that were sent.
          case "managedFields" -> object.put(name, object.get(name).isEmpty() ? "none" : "some");
          // Free text of the API documentation, and the state of a controller.
          case "description" -> object.put(name, "<description>");
          default -> object.set(name, normal(object.get(name)));
        }
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        array.set(i, normal(array.get(i)));
      }
    } else if (node.isTextual()) {
      String text = node.asText();
      if (text.matches("20[0-9]{2}-[0-9]{2}-[0-9]{2}T.*Z") && !text.startsWith("2026-06-02")) {
        return TextNode.valueOf("<time>");
      }
      return TextNode.valueOf(
          text.replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uid>")
              .replaceAll("^[0-9]+[smh]$", "<age>"));
    }
    return node;
  }
}
