package io.multicluster.cache;

import io.multicluster.wire.proto.ProtoWriter;

/** Pods as they are in production: about 7.5 KB each, twenty of a ReplicaSet nearly alike. */
final class SyntheticPods {
  private static final int REPLICAS = 20;

  private SyntheticPods() {}

  static byte[] pod(int number, long resourceVersion) {
    int set = number / REPLICAS;
    String app = "app-" + set;
    String namespace = "team-" + set % 97;
    String hash = Integer.toHexString(set * 0x9e3779b1);
    String name = app + "-" + hash + "-" + Integer.toString(number * 7919 + 100_000, 36);
    String uid = "%08x-1111-2222-3333-%012x".formatted(set, number);
    String ip = "10." + (number >> 16 & 255) + "." + (number >> 8 & 255) + "." + (number & 255);
    ProtoWriter metadata =
        new ProtoWriter()
            .string(1, name)
            .string(2, app + "-" + hash + "-")
            .string(3, namespace)
            .string(4, "")
            .string(5, uid)
            .string(6, Long.toString(resourceVersion))
            .int64(7, 1)
            .message(8, time(1_700_000_000 + number));
    label(metadata, 11, "app.kubernetes.io/instance", app);
    label(metadata, 11, "app.kubernetes.io/managed-by", "Helm");
    label(metadata, 11, "app.kubernetes.io/name", app);
    label(metadata, 11, "pod-template-hash", hash);
    label(metadata, 12, "checksum/config", (hash + hash + hash + hash).repeat(2));
    label(metadata, 12, "prometheus.io/port", "9090");
    label(metadata, 12, "prometheus.io/scrape", "true");
    metadata.message(
        13,
        new ProtoWriter()
            .string(1, "ReplicaSet")
            .string(3, app + "-" + hash)
            .string(4, "%08x-aaaa-bbbb-cccc-dddddddddddd".formatted(set))
            .string(5, "apps/v1")
            .bool(6, true)
            .bool(7, true));
    managed(metadata, "kube-controller-manager", "", SPEC_FIELDS, number);
    managed(metadata, "kubelet", "status", STATUS_FIELDS, number);
    ProtoWriter spec = new ProtoWriter();
    spec.message(
        1,
        new ProtoWriter()
            .string(1, "config")
            .message(
                2,
                new ProtoWriter()
                    .message(
                        19,
                        new ProtoWriter()
                            .message(1, new ProtoWriter().string(1, app + "-config"))
                            .int64(3, 420))));
    spec.message(2, container("main", app, set));
    spec.message(2, container("proxy", "envoy", set));
    spec.string(3, "Always").int64(4, 30).string(6, "ClusterFirst");
    spec.string(8, app).string(9, app).string(10, "node-" + number % 500);
    spec.bool(11, false).bool(12, false).bool(13, false).message(14, new ProtoWriter());
    spec.string(16, "").string(17, "").string(19, "default-scheduler").int64(25, 0);
    ProtoWriter status = new ProtoWriter().string(1, "Running");
    for (String type : new String[] {"Initialized", "Ready", "ContainersReady", "PodScheduled"}) {
      status.message(
          2,
          new ProtoWriter()
              .string(1, type)
              .string(2, "True")
              .message(3, new ProtoWriter())
              .message(4, time(1_700_000_010 + number))
              .string(5, "")
              .string(6, ""));
    }
    status.string(3, "").string(4, "").string(5, "192.168." + number % 250 + ".7").string(6, ip);
    status.message(7, time(1_700_000_001 + number));
    status.message(8, containerStatus("main", number));
    status.message(8, containerStatus("proxy", number));
    status.string(9, "Burstable").string(11, "").message(12, new ProtoWriter().string(1, ip));
    status.string(14, "").message(16, new ProtoWriter().string(1, "192.168.1.7")).int64(17, 1);
    return new ProtoWriter(8192)
        .message(1, metadata)
        .message(2, spec)
        .message(3, status)
        .toByteArray();
  }

  private static final String SPEC_FIELDS =
      "{\"f:metadata\":{\"f:annotations\":{\".\":{},\"f:checksum/config\":{}},\"f:labels\":{\".\":{}"
          + ",\"f:app.kubernetes.io/name\":{}},\"f:ownerReferences\":{\".\":{}}},\"f:spec\":{"
          + "\"f:containers\":{"
          + ("\"k:{\\\"name\\\":\\\"main\\\"}\":{\".\":{},\"f:env\":{\".\":{},\"k:{\\\"name\\\":"
                  + "\\\"FEATURE_FLAG\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}}},\"f:image\":{},"
                  + "\"f:imagePullPolicy\":{},\"f:livenessProbe\":{\".\":{},\"f:httpGet\":{}}},")
              .repeat(5)
          + "\"k:{\\\"name\\\":\\\"proxy\\\"}\":{}},\"f:dnsPolicy\":{},\"f:restartPolicy\":{}}}";
  private static final String STATUS_FIELDS =
      "{\"f:status\":{\"f:conditions\":{"
          + ("\"k:{\\\"type\\\":\\\"Ready\\\"}\":{\".\":{},\"f:lastProbeTime\":{},"
                  + "\"f:lastTransitionTime\":{},\"f:status\":{},\"f:type\":{}},")
              .repeat(5)
          + "\"k:{\\\"type\\\":\\\"X\\\"}\":{}},\"f:containerStatuses\":{},\"f:hostIP\":{},"
          + "\"f:phase\":{},\"f:podIP\":{},\"f:startTime\":{}}}";

  private static ProtoWriter container(String name, String image, int set) {
    ProtoWriter container =
        new ProtoWriter()
            .string(1, name)
            .string(2, "registry.example.com/platform/" + image + ":1.4." + set)
            .string(5, "");
    for (int i = 0; i < 12; i++) {
      container.message(
          7,
          new ProtoWriter()
              .string(1, "SETTING_NUMBER_" + i)
              .string(2, "https://service-" + i + ".team-" + set % 97 + ".svc.cluster.local:8443"));
    }
    container.message(
        8,
        new ProtoWriter()
            .message(
                1,
                new ProtoWriter()
                    .string(1, "memory")
                    .message(2, new ProtoWriter().string(1, "512Mi")))
            .message(
                2,
                new ProtoWriter()
                    .string(1, "cpu")
                    .message(2, new ProtoWriter().string(1, "250m"))));
    container.message(
        9,
        new ProtoWriter().string(1, "config").bool(2, true).string(3, "/etc/config").string(4, ""));
    return container
        .string(13, "/dev/termination-log")
        .string(14, "IfNotPresent")
        .bool(16, false)
        .bool(17, false)
        .bool(18, false)
        .string(20, "File");
  }

  private static ProtoWriter containerStatus(String name, int number) {
    return new ProtoWriter()
        .string(1, name)
        .message(
            2,
            new ProtoWriter()
                .message(2, new ProtoWriter().message(1, time(1_700_000_005 + number))))
        .message(3, new ProtoWriter())
        .bool(4, true)
        .int64(5, 0)
        .string(6, "registry.example.com/platform/" + name + ":1.4")
        .string(
            7, "registry.example.com/platform/" + name + "@sha256:" + "0123456789abcdef".repeat(4))
        .string(8, "containerd://" + "%064x".formatted(number * 7919L + name.length()))
        .bool(9, true);
  }

  private static void label(ProtoWriter metadata, int field, String key, String value) {
    metadata.message(field, new ProtoWriter().string(1, key).string(2, value));
  }

  private static void managed(
      ProtoWriter metadata, String manager, String subresource, String fields, int number) {
    metadata.message(
        17,
        new ProtoWriter()
            .string(1, manager)
            .string(2, "Update")
            .string(3, "v1")
            .message(4, time(1_700_000_003 + number))
            .string(6, "FieldsV1")
            .message(7, new ProtoWriter().string(1, fields))
            .string(8, subresource));
  }

  private static ProtoWriter time(long seconds) {
    return new ProtoWriter().int64(1, seconds).int64(2, 0);
  }
}
