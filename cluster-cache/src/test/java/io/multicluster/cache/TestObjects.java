package io.multicluster.cache;

import io.multicluster.wire.proto.ObjectMeta;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.proto.StringPool;
import java.util.Map;
import java.util.TreeMap;

/** Makes objects as a member sends them. */
final class TestObjects {
  private TestObjects() {}

  static byte[] pod(
      String namespace,
      String name,
      String uid,
      long resourceVersion,
      Map<String, String> labels,
      String node,
      String phase) {
    return new ProtoWriter()
        .message(1, metadata(namespace, name, uid, resourceVersion, labels))
        .message(
            2,
            new ProtoWriter()
                .message(2, new ProtoWriter().string(1, "main").string(2, "example/app:1"))
                .string(3, "Always")
                .string(8, "default")
                .string(10, node)
                .string(19, "default-scheduler"))
        .message(3, new ProtoWriter().string(1, phase).string(5, "10.0.0.1"))
        .toByteArray();
  }

  static byte[] event(
      String namespace, String name, long resourceVersion, String involvedUid, String reason) {
    return event(namespace, name, resourceVersion, "Pod", "pod-of-" + name, involvedUid, reason);
  }

  static byte[] event(
      String namespace,
      String name,
      long resourceVersion,
      String involvedKind,
      String involvedName,
      String involvedUid,
      String reason) {
    return new ProtoWriter()
        .message(1, metadata(namespace, name, "uid-" + name, resourceVersion, Map.of()))
        .message(
            2,
            new ProtoWriter()
                .string(1, involvedKind)
                .string(2, namespace)
                .string(3, involvedName)
                .string(4, involvedUid))
        .string(3, reason)
        .string(4, "a message")
        .message(5, new ProtoWriter().string(1, "kubelet").string(2, "n1"))
        .message(6, new ProtoWriter().int64(1, 1_700_000_000))
        .message(7, new ProtoWriter().int64(1, 1_700_000_060))
        .int64(8, 3)
        .string(9, "Warning")
        .message(10, new ProtoWriter())
        .string(12, "")
        .string(14, "")
        .string(15, "")
        .toByteArray();
  }

  /** The metadata of an object as it is served. */
  static ObjectMeta meta(byte[] object) {
    return ObjectMeta.scan(object, 0, object.length, new StringPool(16));
  }

  private static ProtoWriter metadata(
      String namespace, String name, String uid, long resourceVersion, Map<String, String> labels) {
    ProtoWriter metadata =
        new ProtoWriter()
            .string(1, name)
            .string(2, "")
            .string(3, namespace)
            .string(4, "")
            .string(5, uid)
            .string(6, Long.toString(resourceVersion))
            .int64(7, 0)
            .message(8, new ProtoWriter().int64(1, 1_700_000_000).int64(2, 0));
    new TreeMap<>(labels)
        .forEach((key, value) ->
            metadata.message(11, new ProtoWriter().string(1, key).string(2, value)));
    return metadata;
  }
}
