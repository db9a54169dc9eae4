package io.multicluster.admission;

import io.multicluster.admission.MemberPods.Pod;
import io.multicluster.admission.MemberPods.PodOwner;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.resource.GroupVersionResource;
import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.user.UserInfo;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Admission in front of a server in memory, with a clock that the test moves. */
final class World implements MemberPods {
  static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/prod-shop/deployments";
  static final String WEB = DEPLOYMENTS + "/web";
  static final String CLONESETS = "/apis/apps.kruise.io/v1alpha1/namespaces/prod-shop/clonesets";
  static final String SCALERS =
      "/apis/autoscaling/v2/namespaces/prod-shop/horizontalpodautoscalers";

  static final UserInfo JANE = user("jane", "devs");
  static final UserInfo FIREFIGHTER = user("fred", "firefighters");
  static final UserInfo AUTOSCALER = user("autoscaler", "robots");

  final InMemoryServer server =
      new InMemoryServer(
          Map.of(
              new GroupVersionResource("", "v1", "namespaces"), "Namespace",
              new GroupVersionResource("", "v1", "configmaps"), "ConfigMap",
              new GroupVersionResource("apps", "v1", "deployments"), "Deployment",
              new GroupVersionResource("apps", "v1", "statefulsets"), "StatefulSet",
              new GroupVersionResource("apps", "v1", "replicasets"), "ReplicaSet",
              new GroupVersionResource("apps.kruise.io", "v1alpha1", "clonesets"), "CloneSet",
              new GroupVersionResource("example.org", "v1", "applications"), "Application"));

  final List<ProtectionPolicy> policies = new CopyOnWriteArrayList<>();
  final List<Pod> pods = new CopyOnWriteArrayList<>();
  final AtomicLong now = new AtomicLong();
  final Admission admission;

  World(String... policyYaml) {
    for (String yaml : policyYaml) {
      policies.add(policy(yaml));
    }
    AdmissionSettings settings =
        new AdmissionSettings(
            Set.of("firefighters"),
            Set.of("autoscaler"),
            Set.of(),
            ReplicaPath.DEFAULTS,
            AdmissionSettings.DEFAULTS.guarded());
    admission = new Admission(() -> policies, this, settings, now::get);
  }

  /** JSON with the quotes of its keys and texts written as apostrophes. */
  static String json(String text) {
    return text.replace('\'', '"');
  }

  /** A body as clients send it that prefer protobuf. */
  static byte[] enveloped(String apiVersion, String kind, ProtoWriter raw) {
    byte[] bytes = raw.toByteArray();
    ByteBuf out = Unpooled.buffer();
    new Envelope(apiVersion, kind).write(out, bytes, 0, bytes.length);
    byte[] body = new byte[out.readableBytes()];
    out.readBytes(body);
    return body;
  }

  static ProtectionPolicy policy(String spec) {
    try {
      return PolicyParser.parse(
          KubeObject.JSON.readTree(
              json(
                  "{'apiVersion':'policy.multicluster.io/v1alpha1','kind':'ProtectionPolicy',"
                      + "'metadata':{'name':'production'},'spec':"
                      + spec
                      + "}")));
    } catch (IOException e) {
      throw new IllegalArgumentException(spec, e);
    }
  }

  static UserInfo user(String name, String... groups) {
    return new UserInfo(name, "", List.of(groups), Map.of());
  }

  void advance(Duration time) {
    now.addAndGet(time.toNanos());
  }

  Outcome send(String method, String target, String type, String body) {
    return send(JANE, method, target, type, json(body).getBytes(StandardCharsets.UTF_8), false);
  }

  Outcome send(
      UserInfo user, String method, String target, String type, byte[] body, boolean toPods) {
    int mark = target.indexOf('?');
    DefaultHttp2Headers headers = new DefaultHttp2Headers();
    if (!type.isEmpty()) {
      headers.set("content-type", type);
    }
    RequestHead head =
        new RequestHead(
            method,
            mark < 0 ? target : target.substring(0, mark),
            mark < 0 ? "" : target.substring(mark + 1),
            headers);
    Query query = Query.parse(head.query());
    RequestInfo info = RequestInfoParser.parse(head, query);
    Outcome outcome =
        admission.admit(new AdmissionRequest(head, query, info, user, body, toPods, server));
    if (outcome instanceof Outcome.PassOn && !toPods) {
      server.call(head, body, user);
    }
    return outcome;
  }

  int replicas(String path) {
    var object = server.at(path);
    return object == null ? -1 : object.at("/spec/replicas").asInt(1);
  }

  @Override
  public List<Pod> select(
      String cluster, String namespace, LabelSelector labels, FieldSelector fields) {
    String name = fields.exactly("metadata.name");
    return pods.stream()
        .filter(pod -> cluster.isEmpty() || pod.cluster().equals(cluster))
        .filter(pod -> namespace.isEmpty() || pod.namespace().equals(namespace))
        .filter(pod -> name == null || pod.name().equals(name))
        .filter(pod -> labels.matches(pod.labels()))
        .toList();
  }

  @Override
  public List<Pod> ownedBy(PodOwner owner) {
    return pods.stream().filter(pod -> owner.equals(pod.owner())).toList();
  }
}
