package io.multicluster.testclusters.simulated;

import io.multicluster.testclusters.simulated.Template.Slot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How generated pods and events look: real-looking, 5 to 7.5 KB a pod in protobuf, managed fields
 * included, the twenty of a ReplicaSet alike but for what differs in real ones too.
 */
final class GeneratedObjects {
  static final Schema.Message POD = Schema.message("io.k8s.api.core.v1.Pod");
  static final Schema.Message EVENT = Schema.message("io.k8s.api.core.v1.Event");

  /** So many kinds of applications there are; they differ in containers, environment and size. */
  static final int SHAPES = 4;

  // What the holes are called, and what stands in them while a template is made.
  static final int NAMESPACE = 0;
  static final int APP = 2;
  static final int HASH = 3;
  static final int SUFFIX = 4;
  static final int UID = 5;
  static final int OWNER_UID = 6;
  static final int RESOURCE_VERSION = 7;
  static final int POD_IP = 8;
  static final int HOST_IP = 9;
  static final int NODE = 10;
  static final int CREATED = 11;
  static final int STARTED = 12;
  static final int CHANGED = 13;
  static final int CONTAINER_ID = 14;
  static final int EVENT_ID = 15;

  private static final String NAMESPACE_MARK = "team-@@@";
  private static final String APP_MARK = "app-@@@@@";
  private static final String HASH_MARK = "##########";
  private static final String SUFFIX_MARK = "%%%%%";
  private static final String UID_MARK = "@1@1@1@1-@1@1-@1@1-@1@1-@1@1@1@1@1@1";
  private static final String OWNER_MARK = "@2@2@2@2-@2@2-@2@2-@2@2-@2@2@2@2@2@2";
  private static final String POD_IP_MARK = "10.@1@.@1@.@1@";
  private static final String HOST_IP_MARK = "10.@2@.@2@.@2@";
  private static final String NODE_MARK = "node-@@@@@";
  private static final String CREATED_MARK = "2019-03-07T11:13:17Z";
  private static final String STARTED_MARK = "2018-05-11T07:03:29Z";
  private static final String CHANGED_MARK = "2017-02-13T05:19:41Z";
  private static final String CONTAINER_ID_MARK = "@c".repeat(32);
  private static final String EVENT_ID_MARK = "@e@e@e@e@e@e@e@e";

  private static final Map<PodKind, Template> POD_TEMPLATES = new ConcurrentHashMap<>();
  private static final Map<Integer, Template> EVENT_TEMPLATES = new ConcurrentHashMap<>();

  private record PodKind(int shape, State state, int digits) {}

  /** Where a pod is in its life. */
  enum State {
    PENDING,
    RUNNING,
    NOT_READY,
    CRASHING,
    COMPLETED
  }

  private GeneratedObjects() {}

  /**
   * The template of a pod.
   *
   * @param digits how long the resourceVersion is
   */
  static Template pod(int shape, State state, int digits) {
    return POD_TEMPLATES.computeIfAbsent(
        new PodKind(shape, state, digits),
        _ -> Template.of(POD, podJson(shape, state, digits), slots(digits)));
  }

  /** The template of an event about a pod. */
  static Template event(int digits) {
    return EVENT_TEMPLATES.computeIfAbsent(
        digits, _ -> Template.of(EVENT, eventJson(digits), slots(digits)));
  }

  private static String versionMark(int digits) {
    return "&".repeat(digits);
  }

  private static List<Slot> slots(int digits) {
    return List.of(
        Slot.text(NAMESPACE, NAMESPACE_MARK),
        Slot.text(APP, APP_MARK),
        Slot.text(HASH, HASH_MARK),
        Slot.text(SUFFIX, SUFFIX_MARK),
        Slot.text(UID, UID_MARK),
        Slot.text(OWNER_UID, OWNER_MARK),
        Slot.text(RESOURCE_VERSION, versionMark(digits)),
        Slot.text(POD_IP, POD_IP_MARK),
        Slot.text(HOST_IP, HOST_IP_MARK),
        Slot.text(NODE, NODE_MARK),
        Slot.time(CREATED, CREATED_MARK),
        Slot.time(STARTED, STARTED_MARK),
        Slot.time(CHANGED, CHANGED_MARK),
        Slot.text(CONTAINER_ID, CONTAINER_ID_MARK),
        Slot.text(EVENT_ID, EVENT_ID_MARK));
  }

  private static String eventJson(int digits) {
    return """
    {"metadata":{"name":"APP-HASH-SUFFIX.EVENTID","namespace":"NAMESPACE","uid":"UID",
     "resourceVersion":"VERSION","creationTimestamp":"CREATED","managedFields":[{"manager":"kubelet",
     "operation":"Update","apiVersion":"v1","time":"CREATED","fieldsType":"FieldsV1","fieldsV1":
     {"f:count":{},"f:firstTimestamp":{},"f:involvedObject":{},"f:lastTimestamp":{},"f:message":{},
     "f:reason":{},"f:reportingComponent":{},"f:reportingInstance":{},"f:source":{"f:component":{},
     "f:host":{}},"f:type":{}}}]},
     "involvedObject":{"kind":"Pod","namespace":"NAMESPACE","name":"APP-HASH-SUFFIX","uid":"OWNER",
     "apiVersion":"v1","resourceVersion":"1000000","fieldPath":"spec.containers{main}"},
     "reason":"Unhealthy","message":"Readiness probe failed: HTTP probe failed with statuscode: 503",
     "source":{"component":"kubelet","host":"NODE"},"firstTimestamp":"CREATED",
     "lastTimestamp":"CHANGED","count":3,"type":"Warning","eventTime":null,
     "reportingComponent":"kubelet","reportingInstance":"NODE"}
    """
        .transform(json -> marked(json, digits));
  }

  private static String podJson(int shape, State state, int digits) {
    int containers = 1 + shape % 3;
    List<String> specs = new ArrayList<>();
    List<String> statuses = new ArrayList<>();
    List<String> fields = new ArrayList<>();
    for (int i = 0; i < containers; i++) {
      String name = i == 0 ? "main" : "sidecar-" + i;
      specs.add(container(name, shape, i));
      statuses.add(status(name, shape, i, state));
      fields.add(containerFields(name, shape, i));
    }
    String scheduled = state == State.PENDING ? "" : "\"nodeName\":\"NODE\",";
    return ("""
    {"metadata":{"name":"APP-HASH-SUFFIX","generateName":"APP-HASH-","namespace":"NAMESPACE",
     "uid":"UID","resourceVersion":"VERSION","generation":1,"creationTimestamp":"CREATED",
     "labels":{"app":"APP","app.kubernetes.io/instance":"APP","app.kubernetes.io/managed-by":"helm",
     "app.kubernetes.io/name":"APP","app.kubernetes.io/part-of":"shop","pod-template-hash":"HASH",
     "team":"NAMESPACE","tier":"backend"},
     "annotations":{"checksum/config":"6b1b36cbb04b41490bfc0ab2bfa26f86c5b1c5fe38b8a2a2a4c5ad4e7a2a7c1e",
     "cni.projectcalico.org/podIP":"PODIP/32","prometheus.io/port":"9090","prometheus.io/scrape":"true"},
     "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"APP-HASH","uid":"OWNER",
     "controller":true,"blockOwnerDeletion":true}],"managedFields":[\
    """
            + managedFields(fields, state)
            + """
            ]},
             "spec":{"volumes":[{"name":"config","configMap":{"name":"APP-config","defaultMode":420}},
             {"name":"cache","emptyDir":{}},{"name":"kube-api-access-SUFFIX","projected":{"sources":[
             {"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{
             "name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},{"downwardAPI":
             {"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":
             "metadata.namespace"}}]}}],"defaultMode":420}}],"containers":[\
            """
            + String.join(",", specs)
            + "],"
            + scheduled
            + """
            "restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst",
             "serviceAccountName":"APP","serviceAccount":"APP","securityContext":{"runAsUser":1000,
             "runAsNonRoot":true,"fsGroup":2000},"affinity":{"podAntiAffinity":{
             "preferredDuringSchedulingIgnoredDuringExecution":[{"weight":100,"podAffinityTerm":{
             "labelSelector":{"matchLabels":{"app":"APP"}},"topologyKey":"kubernetes.io/hostname"}}]}},
             "schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready",
             "operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":
             "node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute",
             "tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,
             "preemptionPolicy":"PreemptLowerPriority"},
             "status":\
            """
            + podStatus(statuses, state)
            + "}")
        .transform(json -> marked(json, digits));
  }

  private static String marked(String json, int digits) {
    return json.replace("\n", "")
        .replace("CONTAINERID", CONTAINER_ID_MARK)
        .replace("NAMESPACE", NAMESPACE_MARK)
        .replace("EVENTID", EVENT_ID_MARK)
        .replace("VERSION", versionMark(digits))
        .replace("CREATED", CREATED_MARK)
        .replace("STARTED", STARTED_MARK)
        .replace("CHANGED", CHANGED_MARK)
        .replace("SUFFIX", SUFFIX_MARK)
        .replace("HOSTIP", HOST_IP_MARK)
        .replace("PODIP", POD_IP_MARK)
        .replace("OWNER", OWNER_MARK)
        .replace("NODE", NODE_MARK)
        .replace("HASH", HASH_MARK)
        .replace("APP", APP_MARK)
        .replace("UID", UID_MARK);
  }

  private static String container(String name, int shape, int index) {
    List<String> environment = new ArrayList<>();
    for (int i = 0; i < variables(shape, index); i++) {
      environment.add(
          "{\"name\":\"SETTING_%02d\",\"value\":\"value-of-setting-%02d.APP.NAMESPACE.svc\"}"
              .formatted(i, i));
    }
    environment.add(
        "{\"name\":\"POD_NAME\",\"valueFrom\":{\"fieldRef\":{\"apiVersion\":\"v1\",\"fieldPath\":"
            + "\"metadata.name\"}}}");
    return """
    {"name":"%s","image":"registry.example.com/shop/APP-%s:1.4.2","args":["--config=/etc/app/config.yaml",
     "--log-format=json"],"ports":[{"name":"http","containerPort":%d,"protocol":"TCP"}],"env":[%s],
     "resources":{"limits":{"cpu":"2","memory":"2Gi"},"requests":{"cpu":"500m","memory":"1Gi"}},
     "volumeMounts":[{"name":"config","mountPath":"/etc/app"},{"name":"cache","mountPath":"/var/cache"},
     {"name":"kube-api-access-SUFFIX","readOnly":true,"mountPath":
     "/var/run/secrets/kubernetes.io/serviceaccount"}],"livenessProbe":{"httpGet":{"path":"/healthz",
     "port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,
     "failureThreshold":3},"readinessProbe":{"httpGet":{"path":"/readyz","port":"http",
     "scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":5,"successThreshold":1,"failureThreshold":3},
     "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",
     "imagePullPolicy":"IfNotPresent","securityContext":{"capabilities":{"drop":["ALL"]},
     "readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false}}\
    """
        .formatted(name, name, 8080 + index, String.join(",", environment));
  }

  private static int variables(int shape, int index) {
    return index == 0 ? 16 - 4 * (shape % 3) : 3;
  }

  private static String status(String name, int shape, int index, State state) {
    if (state == State.PENDING) {
      return "";
    }
    boolean main = index == 0;
    boolean ready = state == State.RUNNING || (!main && state != State.COMPLETED);
    String now =
        switch (main || state == State.COMPLETED ? state : State.RUNNING) {
          case CRASHING ->
              "{\"waiting\":{\"reason\":\"CrashLoopBackOff\",\"message\":\"back-off 5m0s restarting"
                  + " failed container=main pod=APP-HASH-SUFFIX_NAMESPACE(UID)\"}}";
          case COMPLETED ->
              "{\"terminated\":{\"exitCode\":0,\"reason\":\"Completed\",\"startedAt\":\"STARTED\","
                  + "\"finishedAt\":\"CHANGED\",\"containerID\":\"containerd://CONTAINERID\"}}";
          case PENDING, RUNNING, NOT_READY -> "{\"running\":{\"startedAt\":\"STARTED\"}}";
        };
    String last =
        main && state == State.CRASHING
            ? "{\"terminated\":{\"exitCode\":1,\"reason\":\"Error\",\"startedAt\":\"STARTED\","
                + "\"finishedAt\":\"CHANGED\",\"containerID\":\"containerd://CONTAINERID\"}}"
            : "{}";
    return """
    {"name":"%s","state":%s,"lastState":%s,"ready":%s,"restartCount":%d,
     "image":"registry.example.com/shop/APP-%s:1.4.2","imageID":"registry.example.com/shop/APP-%s@sha256:\
    %064x","containerID":"containerd://CONTAINERID","started":%s}\
    """
        .formatted(
            name,
            now,
            last,
            ready,
            main && state == State.CRASHING ? 7 : 0,
            name,
            name,
            shape * 31 + index + 1,
            state != State.COMPLETED && (!main || state != State.CRASHING));
  }

  private static String podStatus(List<String> containers, State state) {
    if (state == State.PENDING) {
      return """
      {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","lastProbeTime":null,
       "lastTransitionTime":"CREATED","reason":"Unschedulable","message":
       "0/1000 nodes are available: 1000 Insufficient cpu."}],"qosClass":"Burstable"}\
      """;
    }
    List<String> conditions = new ArrayList<>();
    boolean done = state == State.COMPLETED;
    boolean ready = state == State.RUNNING;
    conditions.add(condition("PodReadyToStartContainers", !done, "STARTED", ""));
    conditions.add(condition("Initialized", true, "CREATED", done ? "PodCompleted" : ""));
    String why = ready ? "" : done ? "PodCompleted" : "ContainersNotReady";
    conditions.add(condition("Ready", ready, "CHANGED", why));
    conditions.add(condition("ContainersReady", ready, "CHANGED", why));
    conditions.add(condition("PodScheduled", true, "CREATED", ""));
    return """
    {"phase":"%s","conditions":[%s],"hostIP":"HOSTIP","hostIPs":[{"ip":"HOSTIP"}],"podIP":"PODIP",
     "podIPs":[{"ip":"PODIP"}],"startTime":"CREATED","containerStatuses":[%s],"qosClass":"Burstable"}\
    """
        .formatted(
            done ? "Succeeded" : "Running",
            String.join(",", conditions),
            String.join(",", containers));
  }

  private static String condition(String type, boolean status, String since, String reason) {
    return """
    {"type":"%s","status":"%s","lastProbeTime":null,"lastTransitionTime":"%s"%s}\
    """
        .formatted(
            type,
            status ? "True" : "False",
            since,
            reason.isEmpty() ? "" : ",\"reason\":\"" + reason + "\"");
  }

  private static String managedFields(List<String> containers, State state) {
    String controller =
        """
        {"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"CREATED",
         "fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:checksum/config":{},
         "f:prometheus.io/port":{},"f:prometheus.io/scrape":{}},"f:generateName":{},"f:labels":{".":{},
         "f:app":{},"f:app.kubernetes.io/instance":{},"f:app.kubernetes.io/managed-by":{},
         "f:app.kubernetes.io/name":{},"f:app.kubernetes.io/part-of":{},"f:pod-template-hash":{},
         "f:team":{},"f:tier":{}},"f:ownerReferences":{".":{},"k:{\\"uid\\":\\"OWNER\\"}":{}}},
         "f:spec":{"f:affinity":{".":{},"f:podAntiAffinity":{".":{},
         "f:preferredDuringSchedulingIgnoredDuringExecution":{}}},"f:containers":{%s},"f:dnsPolicy":{},
         "f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{".":{},
         "f:fsGroup":{},"f:runAsNonRoot":{},"f:runAsUser":{}},"f:serviceAccount":{},
         "f:serviceAccountName":{},"f:terminationGracePeriodSeconds":{},"f:volumes":{".":{},
         "k:{\\"name\\":\\"cache\\"}":{".":{},"f:emptyDir":{},"f:name":{}},
         "k:{\\"name\\":\\"config\\"}":{".":{},"f:configMap":{".":{},"f:defaultMode":{},"f:name":{}},
         "f:name":{}}}}}}\
        """
            .formatted(String.join(",", containers));
    if (state == State.PENDING) {
      return controller;
    }
    return controller
        + """
        ,{"manager":"kubelet","operation":"Update","apiVersion":"v1","time":"CHANGED",
         "fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:conditions":{
         "k:{\\"type\\":\\"ContainersReady\\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},
         "f:status":{},"f:type":{}},"k:{\\"type\\":\\"Initialized\\"}":{".":{},"f:lastProbeTime":{},
         "f:lastTransitionTime":{},"f:status":{},"f:type":{}},
         "k:{\\"type\\":\\"PodReadyToStartContainers\\"}":{".":{},"f:lastProbeTime":{},
         "f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\\"type\\":\\"Ready\\"}":{".":{},
         "f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},
         "f:containerStatuses":{},"f:hostIP":{},"f:hostIPs":{},"f:phase":{},"f:podIP":{},"f:podIPs":{
         ".":{},"k:{\\"ip\\":\\"PODIP\\"}":{".":{},"f:ip":{}}},"f:startTime":{}}},
         "subresource":"status"}\
        """;
  }

  private static String containerFields(String name, int shape, int index) {
    List<String> environment = new ArrayList<>();
    for (int i = 0; i < variables(shape, index); i++) {
      environment.add(
          "\"k:{\\\"name\\\":\\\"SETTING_%02d\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}}"
              .formatted(i));
    }
    return """
    "k:{\\"name\\":\\"%s\\"}":{".":{},"f:args":{},"f:env":{".":{},%s},"f:image":{},
     "f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},
     "f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{},"f:successThreshold":{},
     "f:timeoutSeconds":{}},"f:name":{},"f:ports":{".":{},
     "k:{\\"containerPort\\":%d,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:name":{},
     "f:protocol":{}}},"f:readinessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},
     "f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{},"f:successThreshold":{},
     "f:timeoutSeconds":{}},"f:resources":{".":{},"f:limits":{".":{},"f:cpu":{},"f:memory":{}},
     "f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"f:securityContext":{".":{},
     "f:allowPrivilegeEscalation":{},"f:capabilities":{".":{},"f:drop":{}},
     "f:readOnlyRootFilesystem":{}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{},
     "f:volumeMounts":{".":{},"k:{\\"mountPath\\":\\"/etc/app\\"}":{".":{},"f:mountPath":{},"f:name":{}},
     "k:{\\"mountPath\\":\\"/var/cache\\"}":{".":{},"f:mountPath":{},"f:name":{}}}}\
    """
        .formatted(name, String.join(",", environment), 8080 + index);
  }

  static void ascii(String text, byte[] out, int at) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, out, at, bytes.length);
  }

  /** Hexadecimal digits, lowest last. */
  static void hex(long value, int digits, byte[] out, int at) {
    long rest = value;
    for (int i = digits - 1; i >= 0; i--) {
      out[at + i] = (byte) "0123456789abcdef".charAt((int) rest & 15);
      rest >>>= 4;
    }
  }

  /** A time in the five bytes that it has in protobuf. */
  static void time(long epochSecond, byte[] out, int at) {
    byte[] varint = Template.varint(epochSecond);
    System.arraycopy(varint, 0, out, at, varint.length);
  }

  /** Scrambles a number so that neighbours have nothing in common (SplitMix64's finalizer). */
  static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /** A UUID made of a number, in the form of version 4. */
  static void uuid(long seed, byte[] out, int at) {
    long high = mix(seed);
    long low = mix(seed + 0x9e3779b97f4a7c15L);
    hex(high >>> 32, 8, out, at);
    out[at + 8] = '-';
    hex(high >>> 16, 4, out, at + 9);
    out[at + 13] = '-';
    hex((high & 0xfff) | 0x4000, 4, out, at + 14);
    out[at + 18] = '-';
    hex((low >>> 48 & 0x3fff) | 0x8000, 4, out, at + 19);
    out[at + 23] = '-';
    hex(low, 12, out, at + 24);
  }

  static String uuid(long seed) {
    byte[] out = new byte[36];
    uuid(seed, out, 0);
    return new String(out, StandardCharsets.US_ASCII);
  }

  private static final String LETTERS = "bcdfghjklmnpqrstvwxz2456789";

  /** Letters as Kubernetes uses them in generated names. */
  static String letters(long seed, int count) {
    StringBuilder text = new StringBuilder(count);
    long rest = mix(seed) >>> 1;
    for (int i = 0; i < count; i++) {
      text.append(LETTERS.charAt((int) (rest % LETTERS.length())));
      rest /= LETTERS.length();
    }
    return text.toString();
  }
}
