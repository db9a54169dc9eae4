package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** The defaults that kube-apiserver fills in and clients look for; not all of them. */
final class Defaults {
  private Defaults() {}

  /** Fills in what is missing, in place. */
  static void apply(ResourceType type, ObjectNode object) {
    switch (type.plural() + "." + type.group()) {
      case "pods." -> pod(object);
      case "namespaces." -> {
        Json.child(Json.child(object, "metadata"), "labels")
            .put("kubernetes.io/metadata.name", Json.string(object, "metadata", "name"));
        ObjectNode spec = Json.child(object, "spec");
        if (Json.strings(spec, "finalizers").isEmpty()) {
          spec.putArray("finalizers").add("kubernetes");
        }
        set(Json.child(object, "status"), "phase", Json.text("Active"));
      }
      case "secrets." -> secret(object);
      case "deployments.apps" -> {
        ObjectNode spec = Json.child(object, "spec");
        set(spec, "replicas", Json.number(1));
        set(spec, "revisionHistoryLimit", Json.number(10));
        set(spec, "progressDeadlineSeconds", Json.number(600));
        ObjectNode strategy = Json.child(spec, "strategy");
        set(strategy, "type", Json.text("RollingUpdate"));
        if (Json.string(strategy, "type").equals("RollingUpdate")) {
          ObjectNode rolling = Json.child(strategy, "rollingUpdate");
          set(rolling, "maxUnavailable", Json.text("25%"));
          set(rolling, "maxSurge", Json.text("25%"));
        }
        podSpec(Json.child(Json.child(spec, "template"), "spec"));
      }
      case "replicasets.apps", "statefulsets.apps" -> {
        ObjectNode spec = Json.child(object, "spec");
        set(spec, "replicas", Json.number(1));
        podSpec(Json.child(Json.child(spec, "template"), "spec"));
      }
      case "daemonsets.apps" ->
          podSpec(Json.child(Json.child(Json.child(object, "spec"), "template"), "spec"));
      case "customresourcedefinitions.apiextensions.k8s.io" -> definition(object);
      case "rolebindings.rbac.authorization.k8s.io",
          "clusterrolebindings.rbac.authorization.k8s.io" ->
          binding(object);
      default -> {}
    }
  }

  /** What the strategy of a kind makes of the status of a new object. */
  static void newStatus(ResourceType type, ObjectNode object) {
    if (!type.hasStatus() || type.is("", "nodes")) {
      return;
    }
    object.remove("status");
    if (type.is("", "pods")) {
      ObjectNode status = object.putObject("status");
      status.put("phase", "Pending");
      status.put("qosClass", qosClass(object));
    }
  }

  /** BestEffort without requests and limits, Guaranteed where all are equal, else Burstable. */
  private static String qosClass(ObjectNode pod) {
    boolean any = false;
    boolean guaranteed = true;
    for (JsonNode container : Json.elements(pod, "spec", "containers")) {
      var requests = Json.texts(container, "resources", "requests");
      var limits = Json.texts(container, "resources", "limits");
      any |= !requests.isEmpty() || !limits.isEmpty();
      guaranteed &=
          limits.containsKey("cpu")
              && limits.containsKey("memory")
              && (requests.isEmpty() || requests.equals(limits));
    }
    return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
  }

  private static void set(ObjectNode object, String name, JsonNode value) {
    if (Json.at(object, name) == null) {
      object.set(name, value);
    }
  }

  private static void pod(ObjectNode pod) {
    ObjectNode spec = Json.child(pod, "spec");
    podSpec(spec);
    set(spec, "enableServiceLinks", Json.bool(true));
    if (Json.at(spec, "tolerations") == null) {
      ArrayNode tolerations = spec.putArray("tolerations");
      for (String key : new String[] {"not-ready", "unreachable"}) {
        tolerations
            .addObject()
            .put("key", "node.kubernetes.io/" + key)
            .put("operator", "Exists")
            .put("effect", "NoExecute")
            .put("tolerationSeconds", 300);
      }
    }
    set(spec, "priority", Json.number(0));
    set(spec, "preemptionPolicy", Json.text("PreemptLowerPriority"));
  }

  private static void podSpec(ObjectNode spec) {
    set(spec, "restartPolicy", Json.text("Always"));
    set(spec, "terminationGracePeriodSeconds", Json.number(30));
    set(spec, "dnsPolicy", Json.text("ClusterFirst"));
    set(spec, "schedulerName", Json.text("default-scheduler"));
    set(spec, "securityContext", Json.object());
    for (JsonNode volume : Json.elements(spec, "volumes")) {
      for (String source : new String[] {"configMap", "secret", "downwardAPI", "projected"}) {
        if (volume.get(source) instanceof ObjectNode object) {
          set(object, "defaultMode", Json.number(420));
        }
      }
    }
    for (String kind : new String[] {"containers", "initContainers"}) {
      for (JsonNode each : Json.elements(spec, kind)) {
        if (each instanceof ObjectNode container) {
          container(container);
        }
      }
    }
  }

  private static void container(ObjectNode container) {
    set(container, "terminationMessagePath", Json.text("/dev/termination-log"));
    set(container, "terminationMessagePolicy", Json.text("File"));
    String image = Json.string(container, "image");
    boolean latest = image.lastIndexOf(':') <= image.lastIndexOf('/') || image.endsWith(":latest");
    set(container, "imagePullPolicy", Json.text(latest ? "Always" : "IfNotPresent"));
    for (String probe : new String[] {"livenessProbe", "readinessProbe", "startupProbe"}) {
      if (container.get(probe) instanceof ObjectNode object) {
        probe(object);
      }
    }
    for (JsonNode port : Json.elements(container, "ports")) {
      if (port instanceof ObjectNode object) {
        set(object, "protocol", Json.text("TCP"));
      }
    }
  }

  private static void probe(ObjectNode probe) {
    set(probe, "timeoutSeconds", Json.number(1));
    set(probe, "periodSeconds", Json.number(10));
    set(probe, "successThreshold", Json.number(1));
    set(probe, "failureThreshold", Json.number(3));
    if (probe.get("httpGet") instanceof ObjectNode get) {
      set(get, "path", Json.text("/"));
      set(get, "scheme", Json.text("HTTP"));
    }
  }

  private static void secret(ObjectNode secret) {
    set(secret, "type", Json.text("Opaque"));
    var plain = Json.texts(secret, "stringData");
    if (!plain.isEmpty()) {
      ObjectNode data = Json.child(secret, "data");
      plain.forEach((key, value) ->
          data.put(
              key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
    }
    secret.remove("stringData");
  }

  private static void binding(ObjectNode binding) {
    set(Json.child(binding, "roleRef"), "apiGroup", Json.text("rbac.authorization.k8s.io"));
    for (JsonNode subject : Json.elements(binding, "subjects")) {
      if (subject instanceof ObjectNode object
          && !Json.string(subject, "kind").equals("ServiceAccount")) {
        set(object, "apiGroup", Json.text("rbac.authorization.k8s.io"));
      }
    }
  }

  private static void definition(ObjectNode definition) {
    ObjectNode names = Json.child(Json.child(definition, "spec"), "names");
    String kind = Json.string(names, "kind");
    set(names, "singular", Json.text(kind.toLowerCase(java.util.Locale.ROOT)));
    set(names, "listKind", Json.text(kind + "List"));
    ObjectNode conversion = Json.child(Json.child(definition, "spec"), "conversion");
    set(conversion, "strategy", Json.text("None"));
  }
}
