package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * What the stand-in reads in a CloneSet. The object itself stays a tree, so that no field is lost
 * when it is copied.
 */
record CloneSet(GenericKubernetesResource object) {
  static final String API_VERSION = "apps.kruise.io/v1alpha1";
  static final String KIND = "CloneSet";
  static final String PATH = "/apis/" + API_VERSION + "/clonesets";
  static final ResourceDefinitionContext TYPE =
      new ResourceDefinitionContext.Builder()
          .withGroup("apps.kruise.io")
          .withVersion("v1alpha1")
          .withKind(KIND)
          .withPlural("clonesets")
          .withNamespaced(true)
          .build();

  /** Names the members that run it, with commas between; all of them if it is absent. */
  static final String PLACEMENT = "testclusters.multicluster.io/placement";

  String namespace() {
    return object.getMetadata().getNamespace();
  }

  String name() {
    return object.getMetadata().getName();
  }

  boolean isDeleted() {
    return object.getMetadata().getDeletionTimestamp() != null;
  }

  int replicas() {
    return object.get("spec", "replicas") instanceof Number number ? number.intValue() : 1;
  }

  PodTemplateSpec template() {
    return Serialization.unmarshal(Serialization.asJson(template(object)), PodTemplateSpec.class);
  }

  /** The same for equal templates, as a label value. */
  String revision() {
    CRC32 hash = new CRC32();
    hash.update(Serialization.asJson(template(object)).getBytes(StandardCharsets.UTF_8));
    return "%08x".formatted(hash.getValue());
  }

  /** The members that run it, out of those there are, in their order. */
  List<String> placement(List<String> members) {
    Map<String, String> annotations = object.getMetadata().getAnnotations();
    String wanted = annotations == null ? null : annotations.get(PLACEMENT);
    if (wanted == null) {
      return members;
    }
    List<String> names = List.of(wanted.split(",", -1));
    return members.stream().filter(names::contains).toList();
  }

  /** Its spec with another number of replicas. */
  Map<String, Object> spec(int replicas) {
    Map<String, Object> spec = new LinkedHashMap<>();
    if (object.get("spec") instanceof Map<?, ?> fields) {
      fields.forEach((field, value) -> spec.put((String) field, value));
    }
    spec.put("replicas", replicas);
    return spec;
  }

  /** Its pods as its status counts them. */
  Counts counts() {
    return new Counts(
        count("replicas"),
        count("readyReplicas"),
        count("updatedReplicas"),
        count("updatedReadyReplicas"));
  }

  /** The status that says this, about the generation at hand. */
  Map<String, Object> status(Counts counts) {
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("observedGeneration", object.getMetadata().getGeneration());
    status.put("replicas", counts.all());
    status.put("readyReplicas", counts.ready());
    status.put("availableReplicas", counts.ready());
    status.put("updatedReplicas", counts.updated());
    status.put("updatedReadyReplicas", counts.updatedReady());
    status.put("updateRevision", name() + "-" + revision());
    status.put("labelSelector", labelSelector());
    return status;
  }

  /**
   * Pods of one CloneSet: all of them, the ready ones, those of the newest template, the ready ones
   * of those.
   */
  record Counts(int all, int ready, int updated, int updatedReady) {
    static final Counts NONE = new Counts(0, 0, 0, 0);

    Counts plus(Counts other) {
      return new Counts(
          all + other.all,
          ready + other.ready,
          updated + other.updated,
          updatedReady + other.updatedReady);
    }
  }

  private int count(String field) {
    return object.get("status", field) instanceof Number number ? number.intValue() : 0;
  }

  private String labelSelector() {
    if (!(object.get("spec", "selector", "matchLabels") instanceof Map<?, ?> labels)) {
      return "";
    }
    return String.join(
        ",",
        labels.entrySet().stream().map(label -> label.getKey() + "=" + label.getValue()).toList());
  }

  private static @Nullable Object template(GenericKubernetesResource object) {
    return object.get("spec", "template");
  }
}
