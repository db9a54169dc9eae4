package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** An event about a generated pod, made when it is looked at. */
final class GeneratedEvent implements Entry {
  private final GeneratedPod pod;
  private final long seed;
  private final long resourceVersion;
  private final int changed;

  GeneratedEvent(GeneratedPod pod, long seed, long resourceVersion, int changed) {
    this.pod = pod;
    this.seed = seed;
    this.resourceVersion = resourceVersion;
    this.changed = changed;
  }

  @Override
  public String namespace() {
    return pod.namespace();
  }

  @Override
  public String name() {
    return pod.name() + ".%016x".formatted(GeneratedObjects.mix(seed));
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
    return Map.of();
  }

  private Template template() {
    return GeneratedObjects.event(Long.toString(resourceVersion).length());
  }

  @Override
  public int messageLength() {
    return template().length();
  }

  @Override
  public byte[] message() {
    return template().render(this::fill);
  }

  private void fill(int slot, byte[] out, int at) {
    switch (slot) {
      case GeneratedObjects.UID -> GeneratedObjects.uuid(seed, out, at);
      case GeneratedObjects.OWNER_UID -> GeneratedObjects.ascii(pod.uid(), out, at);
      case GeneratedObjects.RESOURCE_VERSION ->
          GeneratedObjects.ascii(Long.toString(resourceVersion), out, at);
      case GeneratedObjects.CREATED -> GeneratedObjects.time(pod.owner().created(), out, at);
      case GeneratedObjects.CHANGED -> GeneratedObjects.time(changed, out, at);
      case GeneratedObjects.EVENT_ID ->
          GeneratedObjects.hex(GeneratedObjects.mix(seed), 16, out, at);
      default -> pod.fill(slot, out, at);
    }
  }

  @Override
  public ObjectNode object() {
    ObjectNode event = Json.object();
    event.put("kind", "Event").put("apiVersion", "v1");
    event.setAll(ProtobufCodec.decode(GeneratedObjects.EVENT, message()));
    return event;
  }

  @Override
  public Entry at(long newResourceVersion) {
    return new GeneratedEvent(pod, seed, newResourceVersion, changed);
  }
}
