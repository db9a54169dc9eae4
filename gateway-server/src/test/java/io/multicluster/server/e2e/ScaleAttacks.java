package io.multicluster.server.e2e;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.server.e2e.RawKube.Answer;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.ProtoWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Ways to take replicas from a workload, or the workload itself, each as one or a few requests of a
 * user who has every permission. Nobody looks at the answers: what counts is what is left.
 */
final class ScaleAttacks {
  private static final String JSON = "application/json";
  private static final String MERGE = "application/merge-patch+json";
  private static final String STRATEGIC = "application/strategic-merge-patch+json";
  private static final String JSON_PATCH = "application/json-patch+json";
  private static final String APPLY = "application/apply-patch+yaml";
  private static final String DEAD_OWNER =
      "{'metadata':{'ownerReferences':[{'apiVersion':'v1','kind':'ConfigMap','name':'nobody',"
          + "'uid':'11111111-2222-3333-4444-555555555555'}]}}";

  private final RawKube kube;
  private final Map<String, Attack> attacks = new LinkedHashMap<>();

  /** What is attacked. */
  record Target(String collection, String name, String apiVersion, String kind) {
    String path() {
      return collection + "/" + name;
    }

    boolean custom() {
      return apiVersion.contains("kruise");
    }
  }

  /** One way. */
  interface Attack {
    /**
     * @param few how many replicas to leave
     */
    Answer run(Target target, int few);
  }

  ScaleAttacks(RawKube kube) {
    this.kube = kube;
    updates();
    patches();
    scales();
    deletions();
    detours();
    autoscalers();
    oddities();
  }

  Map<String, Attack> all() {
    return attacks;
  }

  private void updates() {
    attacks.put(
        "update",
        (target, few) -> insist(() -> put(target, withReplicas(read(target), few), JSON)));
    attacks.put(
        "update without resourceVersion",
        (target, few) -> {
          ObjectNode object = withReplicas(read(target), few);
          object.withObject("/metadata").remove("resourceVersion");
          return put(target, object, JSON);
        });
    attacks.put(
        "update without replicas",
        (target, _) -> {
          ObjectNode object = read(target);
          object.withObject("/spec").remove("replicas");
          return put(target, object, JSON);
        });
    attacks.put(
        "update in YAML",
        (target, few) -> put(target, withReplicas(read(target), few), "application/yaml"));
    attacks.put(
        "update in protobuf",
        (target, few) ->
            insist(() ->
                protobuf(target.path(), target, new ProtoWriter().int64(1, Math.max(1, few)))));
  }

  private void patches() {
    attacks.put("merge patch", (target, few) -> patch(target, MERGE, replicas(few)));
    attacks.put(
        "merge patch to null", (target, _) -> patch(target, MERGE, "{'spec':{'replicas':null}}"));
    attacks.put("strategic merge patch", (target, few) -> patch(target, STRATEGIC, replicas(few)));
    attacks.put(
        "strategic merge patch that retains other keys",
        (target, _) ->
            patch(
                target,
                STRATEGIC,
                "{'spec':{'$retainKeys':['selector','template','serviceName','strategy']}}"));
    attacks.put(
        "JSON patch",
        (target, few) ->
            patch(
                target,
                JSON_PATCH,
                "[{'op':'replace','path':'/spec/replicas','value':" + few + "}]"));
    attacks.put(
        "JSON patch that removes",
        (target, _) -> patch(target, JSON_PATCH, "[{'op':'remove','path':'/spec/replicas'}]"));
    attacks.put(
        "apply",
        (target, few) ->
            send(
                "PATCH",
                target.path() + "?fieldManager=attacker&force=true",
                APPLY,
                "{'apiVersion':'"
                    + target.apiVersion()
                    + "','kind':'"
                    + target.kind()
                    + "','metadata':{'name':'"
                    + target.name()
                    + "'},'spec':{'replicas':"
                    + few
                    + "}}"));
    attacks.put(
        "merge patch with a key twice",
        (target, few) ->
            patch(target, MERGE, "{'spec':{'replicas':100},'spec':{'replicas':" + few + "}}"));
    attacks.put(
        "merge patch that says what resourceVersion it wants",
        (target, few) -> {
          String version = read(target).at("/metadata/resourceVersion").asText();
          return patch(
              target,
              MERGE,
              "{'metadata':{'resourceVersion':'" + version + "'},'spec':{'replicas':" + few + "}}");
        });
    attacks.put(
        "ordinals",
        (_, _) -> patch(BypassIT.DATABASE, MERGE, "{'spec':{'ordinals':{'start':60}}}"));
    attacks.put(
        "pods to delete",
        (_, _) -> {
          ArrayNode names = RawKube.JSON.createArrayNode();
          for (int i = 0; i < 60; i++) {
            names.add("cart-" + i);
          }
          return patch(
              BypassIT.CART, MERGE, "{'spec':{'scaleStrategy':{'podsToDelete':" + names + "}}}");
        });
  }

  private void scales() {
    attacks.put(
        "update of scale",
        (target, few) ->
            insist(() -> {
              ObjectNode scale = kube.get(target.path() + "/scale").object();
              return send(
                  "PUT", target.path() + "/scale", JSON, withReplicas(scale, few).toString());
            }));
    attacks.put(
        "update of scale in protobuf",
        (target, few) ->
            insist(() ->
                protobuf(
                    target.path() + "/scale",
                    target,
                    new ProtoWriter().int64(1, Math.max(1, few)))));
    for (String type : new String[] {MERGE, STRATEGIC}) {
      attacks.put(
          type + " of scale",
          (target, few) -> send("PATCH", target.path() + "/scale", type, replicas(few)));
    }
    attacks.put(
        "JSON patch of scale",
        (target, few) ->
            send(
                "PATCH",
                target.path() + "/scale",
                JSON_PATCH,
                "[{'op':'replace','path':'/spec/replicas','value':" + few + "}]"));
    attacks.put(
        "apply of scale",
        (target, few) ->
            send(
                "PATCH",
                target.path() + "/scale?fieldManager=attacker&force=true",
                APPLY,
                "{'apiVersion':'autoscaling/v1','kind':'Scale','metadata':{'name':'"
                    + target.name()
                    + "'},'spec':{'replicas':"
                    + few
                    + "}}"));
    attacks.put(
        "one less than there are",
        (target, _) ->
            insist(() -> {
              ObjectNode scale = kube.get(target.path() + "/scale").object();
              int now = scale.at("/spec/replicas").asInt(1);
              return send(
                  "PUT", target.path() + "/scale", JSON, withReplicas(scale, now - 1).toString());
            }));
  }

  private void deletions() {
    attacks.put("delete", (target, _) -> send("DELETE", target.path(), "", ""));
    for (String policy : new String[] {"Orphan", "Background", "Foreground"}) {
      attacks.put(
          "delete, " + policy,
          (target, _) ->
              send(
                  "DELETE",
                  target.path(),
                  JSON,
                  "{'apiVersion':'v1','kind':'DeleteOptions','gracePeriodSeconds':0,"
                      + "'propagationPolicy':'"
                      + policy
                      + "'}"));
    }
    attacks.put(
        "delete with options in the query",
        (target, _) ->
            send("DELETE", target.path() + "?gracePeriodSeconds=0&watch=true&pretty=1", "", ""));
    attacks.put(
        "delete with a dry run that the body undoes",
        (target, _) ->
            send(
                "DELETE",
                target.path() + "?dryRun=All",
                JSON,
                "{'apiVersion':'v1','kind':'DeleteOptions'}"));
    attacks.put(
        "delete with protobuf options",
        (target, _) -> kube.send("DELETE", target.path(), RawKube.PROTOBUF, JSON, noGrace()));
    attacks.put(
        "delete with the right uid",
        (target, _) ->
            send(
                "DELETE",
                target.path(),
                JSON,
                "{'preconditions':{'uid':'" + read(target).at("/metadata/uid").asText() + "'}}"));
    attacks.put(
        "deletecollection with preconditions",
        (target, _) ->
            send(
                "DELETE",
                target.collection(),
                JSON,
                "{'preconditions':{'resourceVersion':'"
                    + read(target).at("/metadata/resourceVersion").asText()
                    + "'}}"));
    for (String query :
        new String[] {
          "", "?labelSelector=tier%3Dcore", "?fieldSelector=metadata.name%3Dweb", "?limit=1"
        }) {
      attacks.put(
          "deletecollection" + query,
          (target, _) -> send("DELETE", target.collection() + query, "", ""));
    }
    attacks.put(
        "deletecollection with a dry run that the body undoes",
        (target, _) ->
            send("DELETE", target.collection() + "?dryRun=All", JSON, "{'kind':'DeleteOptions'}"));
    attacks.put(
        "delete and create",
        (target, few) -> {
          ObjectNode object = withReplicas(read(target), few);
          object.withObject("/metadata").remove("resourceVersion");
          object.withObject("/metadata").remove("uid");
          send("DELETE", target.path(), "", "");
          return send("POST", target.collection(), JSON, object.toString());
        });
    attacks.put(
        "create under a generated name, dry",
        (target, few) -> {
          ObjectNode object = withReplicas(read(target), few);
          object.withObject("/metadata").remove("resourceVersion");
          object.withObject("/metadata").remove("uid");
          object.withObject("/metadata").remove("name");
          object.withObject("/metadata").put("generateName", target.name() + "-");
          return send("POST", target.collection() + "?dryRun=All", JSON, object.toString());
        });
  }

  private void detours() {
    String namespace = "/api/v1/namespaces/" + ProtectedFederation.NAMESPACE;
    attacks.put("delete the namespace", (_, _) -> send("DELETE", namespace, "", ""));
    attacks.put(
        "finalize the namespace",
        (_, _) -> {
          ObjectNode object = kube.get(namespace).object();
          object.withObject("/spec").remove("finalizers");
          return send("PUT", namespace + "/finalize", JSON, object.toString());
        });
    attacks.put(
        "delete the CRD",
        (_, _) ->
            send(
                "DELETE",
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clonesets.apps.kruise.io",
                "",
                ""));
    attacks.put(
        "delete all CRDs",
        (_, _) ->
            send(
                "DELETE",
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
                    + "?fieldSelector=metadata.name%3Dclonesets.apps.kruise.io",
                "",
                ""));
    attacks.put("give it a dead owner", (target, _) -> patch(target, MERGE, DEAD_OWNER));
    attacks.put(
        "give it a dead owner by its status",
        (target, _) -> send("PATCH", target.path() + "/status", MERGE, DEAD_OWNER));
    attacks.put(
        "take its label off",
        (target, _) -> patch(target, MERGE, "{'metadata':{'labels':{'tier':null}}}"));
    attacks.put(
        "take its label off by its status",
        (target, _) ->
            send(
                "PATCH",
                target.path() + "/status",
                MERGE,
                "{'metadata':{'labels':{'tier':'none'}}}"));
    attacks.put(
        "take its label off and scale",
        (target, few) ->
            patch(target, MERGE, "{'metadata':{'labels':null},'spec':{'replicas':" + few + "}}"));
  }

  private void autoscalers() {
    String scalers =
        "/apis/autoscaling/v2/namespaces/"
            + ProtectedFederation.NAMESPACE
            + "/horizontalpodautoscalers";
    attacks.put(
        "create an autoscaler with a low minimum",
        (target, few) ->
            send("POST", scalers, JSON, autoscaler(target, 1 + few, 200, "low-" + few)));
    attacks.put(
        "create an autoscaler with a low maximum",
        (target, few) ->
            send("POST", scalers, JSON, autoscaler(target, 1 + few, 1 + few, "low-" + few)));
    attacks.put(
        "apply an autoscaler with a low minimum",
        (target, few) ->
            send(
                "PATCH",
                scalers + "/applied-" + few + "?fieldManager=attacker&force=true",
                APPLY,
                autoscaler(target, 1 + few, 200, "applied-" + few)));
    attacks.put(
        "lower an autoscaler's minimum",
        (_, few) ->
            send(
                "PATCH",
                scalers + "/web",
                MERGE,
                "{'spec':{'minReplicas':" + (few % 50 + 1) + "}}"));
    attacks.put(
        "lower an autoscaler's maximum",
        (_, few) ->
            send(
                "PATCH",
                scalers + "/web",
                JSON_PATCH,
                "[{'op':'replace','path':'/spec/minReplicas','value':1},"
                    + "{'op':'replace','path':'/spec/maxReplicas','value':"
                    + (few % 50 + 1)
                    + "}]"));
    attacks.put(
        "lower an older autoscaler version's minimum",
        (_, few) ->
            send(
                "PATCH",
                scalers.replace("/v2/", "/v1/") + "/web",
                STRATEGIC,
                "{'spec':{'minReplicas':" + (few % 50 + 1) + "}}"));
    attacks.put(
        "drop an autoscaler's minimum",
        (_, _) ->
            send(
                "PATCH",
                scalers + "/web",
                JSON_PATCH,
                "[{'op':'remove','path':'/spec/minReplicas'}]"));
  }

  static String autoscaler(Target target, int least, int most, String name) {
    return """
    {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"%s"},\
    "spec":{"minReplicas":%d,"maxReplicas":%d,"scaleTargetRef":\
    {"apiVersion":"%s","kind":"%s","name":"%s"}}}\
    """
        .formatted(name, least, most, target.apiVersion(), target.kind(), target.name());
  }

  private void oddities() {
    attacks.put(
        "an escaped name",
        (target, few) ->
            send(
                "PATCH",
                target.collection()
                    + "/%"
                    + Integer.toHexString(target.name().charAt(0))
                    + target.name().substring(1),
                MERGE,
                replicas(few)));
    attacks.put(
        "a slash at the end",
        (target, few) -> send("PATCH", target.path() + "/", MERGE, replicas(few)));
    attacks.put(
        "a slash too many",
        (target, few) ->
            send("PATCH", target.path().replace("/apis/", "/apis//"), MERGE, replicas(few)));
    attacks.put("a slash in front", (target, _) -> send("DELETE", "/" + target.path(), "", ""));
    attacks.put(
        "a parent folder",
        (target, _) -> send("DELETE", target.collection() + "/x/../" + target.name(), "", ""));
    attacks.put(
        "a content type with parameters",
        (target, few) -> patch(target, MERGE + "; charset=utf-8", replicas(few)));
    attacks.put(
        "a reason of somebody who may not break the glass",
        (target, few) ->
            send(
                "PATCH",
                target.path() + "?multicluster.io%2Foverride=please",
                MERGE,
                "{'metadata':{'annotations':{'multicluster.io/override':'please'}},'spec':{'replicas':"
                    + few
                    + "}}"));
    attacks.put(
        "a dry run for later",
        (target, few) -> send("PATCH", target.path() + "?dryRun=All", MERGE, replicas(few)));
    attacks.put(
        "a short time-out",
        (target, few) -> send("PATCH", target.path() + "?timeout=50ms", MERGE, replicas(few)));
  }

  /** Reads and writes again while somebody else was faster. */
  private static Answer insist(Supplier<Answer> attempt) {
    Answer answer = attempt.get();
    for (int i = 0; i < 20 && answer.status() == 409; i++) {
      answer = attempt.get();
    }
    return answer;
  }

  private ObjectNode read(Target target) {
    return kube.get(target.path()).object();
  }

  private Answer put(Target target, ObjectNode object, String type) {
    return send("PUT", target.path(), type, object.toString());
  }

  private Answer patch(Target target, String type, String body) {
    return send("PATCH", target.path(), type, body);
  }

  /**
   * Puts an object in protobuf with other content of its {@code spec}, of which the last counts.
   */
  private Answer protobuf(String path, Target target, ProtoWriter spec) {
    if (target.custom() && !path.endsWith("/scale")) {
      return new Answer(0, new byte[0]); // Custom resources have no protobuf.
    }
    byte[] body = kube.get(path, RawKube.PROTOBUF).body();
    Envelope.Content content = Envelope.open(body, 0, body.length);
    byte[] changed =
        enveloped(
            content.apiVersion(),
            content.kind(),
            new ProtoWriter().raw(body, content.rawStart(), content.rawEnd()).message(2, spec));
    return kube.send("PUT", path, RawKube.PROTOBUF, JSON, changed);
  }

  static byte[] noGrace() {
    return enveloped("v1", "DeleteOptions", new ProtoWriter().int64(1, 0));
  }

  static byte[] eviction(String name, String namespace) {
    return enveloped(
        "policy/v1",
        "Eviction",
        new ProtoWriter().message(1, new ProtoWriter().string(1, name).string(3, namespace)));
  }

  private static byte[] enveloped(String apiVersion, String kind, ProtoWriter raw) {
    byte[] magic = {'k', '8', 's', 0};
    return new ProtoWriter()
        .raw(magic, 0, magic.length)
        .message(1, new ProtoWriter().string(1, apiVersion).string(2, kind))
        .message(2, raw)
        .toByteArray();
  }

  private static ObjectNode withReplicas(ObjectNode object, int few) {
    object.withObject("/spec").put("replicas", few);
    return object;
  }

  private static String replicas(int few) {
    return "{'spec':{'replicas':" + few + "}}";
  }

  private Answer send(String method, String target, String type, String body) {
    return kube.send(method, target, type, body.replace('\'', '"'));
  }
}
