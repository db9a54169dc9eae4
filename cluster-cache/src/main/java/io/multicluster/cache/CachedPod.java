package io.multicluster.cache;

import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.StringPool;

/**
 * A pod. What is often selected by is lifted out; the rest is read from its bytes when asked for.
 */
final class CachedPod extends CachedObject {
  private static final int SPEC = 2;
  private static final int STATUS = 3;

  private final String nodeName;
  private final String phase;

  CachedPod(Parts parts, StringPool pool) {
    super(parts);
    String node = "";
    String phaseText = "";
    ProtoReader pod = new ProtoReader(parts.bytes());
    while (pod.next()) {
      if (pod.field() == SPEC) {
        ProtoReader spec = pod.message();
        while (spec.next()) {
          if (spec.field() == 10) {
            node = spec.string(pool);
          }
        }
      } else if (pod.field() == STATUS) {
        ProtoReader status = pod.message();
        while (status.next()) {
          if (status.field() == 1) {
            phaseText = status.string(pool);
          }
        }
      }
    }
    this.nodeName = node;
    this.phase = phaseText;
  }

  String nodeName() {
    return nodeName;
  }

  @Override
  String uid() {
    return ProtoFields.uid(bytes());
  }

  @Override
  String ownField(String field) {
    return switch (field) {
      case "spec.nodeName" -> nodeName;
      case "spec.restartPolicy" -> ProtoFields.text(bytes(), SPEC, 3);
      case "spec.serviceAccountName" -> ProtoFields.text(bytes(), SPEC, 8);
      case "spec.schedulerName" -> ProtoFields.text(bytes(), SPEC, 19);
      case "spec.hostNetwork" -> Boolean.toString(ProtoFields.number(bytes(), SPEC, 11) != 0);
      case "status.phase" -> phase;
      case "status.nominatedNodeName" -> ProtoFields.text(bytes(), STATUS, 11);
      case "status.podIP" -> ProtoFields.firstText(bytes(), STATUS, 12, 1);
      // kube-apiserver accepts status.podIPs and compares it with nothing.
      default -> "";
    };
  }
}
