package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.GeneratedObjects.State;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A pod that is made from its number whenever it is looked at; keeps some fifty bytes. */
final class GeneratedPod implements Entry {
  private final ReplicaSet owner;
  private final long seed;
  private final long resourceVersion;
  private final State state;
  private final int changed;

  /**
   * What the pods of one ReplicaSet have in common.
   *
   * @param created seconds since 1970
   * @param nodes how many nodes the cluster has
   */
  record ReplicaSet(
      String namespace, String app, String hash, long seed, int shape, long created, int nodes) {
    Map<String, String> labels() {
      return Map.of(
          "app", app,
          "app.kubernetes.io/instance", app,
          "app.kubernetes.io/managed-by", "helm",
          "app.kubernetes.io/name", app,
          "app.kubernetes.io/part-of", "shop",
          "pod-template-hash", hash,
          "team", namespace,
          "tier", "backend");
    }
  }

  /**
   * @param changed when the status last changed, seconds since 1970
   */
  GeneratedPod(ReplicaSet owner, long seed, long resourceVersion, State state, int changed) {
    this.owner = owner;
    this.seed = seed;
    this.resourceVersion = resourceVersion;
    this.state = state;
    this.changed = changed;
  }

  ReplicaSet owner() {
    return owner;
  }

  State state() {
    return state;
  }

  GeneratedPod changed(State newState, long newResourceVersion, int now) {
    return new GeneratedPod(owner, seed, newResourceVersion, newState, now);
  }

  @Override
  public String namespace() {
    return owner.namespace();
  }

  @Override
  public String name() {
    return owner.app() + "-" + owner.hash() + "-" + suffix();
  }

  private String suffix() {
    return GeneratedObjects.letters(seed, 5);
  }

  @Override
  public String uid() {
    return GeneratedObjects.uuid(seed);
  }

  @Override
  public long resourceVersion() {
    return resourceVersion;
  }

  @Override
  public Map<String, String> labels() {
    return owner.labels();
  }

  private String node() {
    int number = (int) (GeneratedObjects.mix(seed + 1) >>> 33) % owner.nodes();
    return "node-" + Integer.toString(100_000 + number).substring(1);
  }

  @Override
  public @Nullable String field(String name) {
    return switch (name) {
      case "spec.nodeName" -> state == State.PENDING ? "" : node();
      case "status.phase" ->
          switch (state) {
            case PENDING -> "Pending";
            case COMPLETED -> "Succeeded";
            case RUNNING, NOT_READY, CRASHING -> "Running";
          };
      default -> null;
    };
  }

  private Template template() {
    return GeneratedObjects.pod(owner.shape(), state, Long.toString(resourceVersion).length());
  }

  @Override
  public int messageLength() {
    return template().length();
  }

  @Override
  public byte[] message() {
    return template().render(this::fill);
  }

  void fill(int slot, byte[] out, int at) {
    switch (slot) {
      case GeneratedObjects.NAMESPACE -> GeneratedObjects.ascii(owner.namespace(), out, at);
      case GeneratedObjects.APP -> GeneratedObjects.ascii(owner.app(), out, at);
      case GeneratedObjects.HASH -> GeneratedObjects.ascii(owner.hash(), out, at);
      case GeneratedObjects.SUFFIX -> GeneratedObjects.ascii(suffix(), out, at);
      case GeneratedObjects.UID -> GeneratedObjects.uuid(seed, out, at);
      case GeneratedObjects.OWNER_UID -> GeneratedObjects.uuid(owner.seed(), out, at);
      case GeneratedObjects.RESOURCE_VERSION ->
          GeneratedObjects.ascii(Long.toString(resourceVersion), out, at);
      case GeneratedObjects.POD_IP -> address(seed, out, at);
      case GeneratedObjects.HOST_IP -> address(node().hashCode(), out, at);
      case GeneratedObjects.NODE -> GeneratedObjects.ascii(node(), out, at);
      case GeneratedObjects.CREATED -> GeneratedObjects.time(owner.created(), out, at);
      case GeneratedObjects.STARTED -> GeneratedObjects.time(owner.created() + 4, out, at);
      case GeneratedObjects.CHANGED -> GeneratedObjects.time(changed, out, at);
      case GeneratedObjects.CONTAINER_ID -> {
        for (int i = 0; i < 4; i++) {
          GeneratedObjects.hex(GeneratedObjects.mix(seed + at + i), 16, out, at + 16 * i);
        }
      }
      default -> throw new IllegalStateException("slot " + slot + " in a pod");
    }
  }

  /** Three bytes of an address, each of three digits so that all addresses are equally long. */
  private static void address(long seed, byte[] out, int at) {
    long bits = GeneratedObjects.mix(seed) >>> 1;
    for (int i = 0; i < 3; i++) {
      GeneratedObjects.ascii(Long.toString(100 + bits % 156), out, at + 3 + 4 * i);
      bits /= 156;
    }
  }

  @Override
  public ObjectNode object() {
    ObjectNode pod = Json.object();
    pod.put("kind", "Pod").put("apiVersion", "v1");
    pod.setAll(ProtobufCodec.decode(GeneratedObjects.POD, message()));
    return pod;
  }

  @Override
  public Entry at(long newResourceVersion) {
    return new GeneratedPod(owner, seed, newResourceVersion, state, changed);
  }
}
