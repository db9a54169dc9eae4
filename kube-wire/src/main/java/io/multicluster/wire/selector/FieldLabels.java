package io.multicluster.wire.selector;

import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.selector.FieldSelector.Requirement;
import io.multicluster.wire.status.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The fields that objects of one kind can be selected by, in the spelling of one API version. The
 * two event APIs are spellings of the same stored fields.
 */
public final class FieldLabels {
  /** Fields of pods, with {@code spec.host} of very old clients. */
  public static final FieldLabels PODS =
      new FieldLabels(
          same(
              "spec.nodeName",
              "spec.restartPolicy",
              "spec.schedulerName",
              "spec.serviceAccountName",
              "spec.hostNetwork",
              "status.phase",
              "status.podIP",
              "status.podIPs",
              "status.nominatedNodeName"),
          Map.of("spec.host", "spec.nodeName"),
          true);

  /** Fields of core events: the stored spelling. */
  public static final FieldLabels EVENTS =
      new FieldLabels(
          same(
              "involvedObject.kind",
              "involvedObject.namespace",
              "involvedObject.name",
              "involvedObject.uid",
              "involvedObject.apiVersion",
              "involvedObject.resourceVersion",
              "involvedObject.fieldPath",
              "reason",
              "reportingComponent",
              "source",
              "type"),
          Map.of(),
          true);

  /** Fields of events.k8s.io, translated to those of core events. */
  public static final FieldLabels EVENTS_K8S_IO =
      new FieldLabels(
          same("reason", "type"),
          Map.of(
              "regarding.kind", "involvedObject.kind",
              "regarding.namespace", "involvedObject.namespace",
              "regarding.name", "involvedObject.name",
              "regarding.uid", "involvedObject.uid",
              "regarding.apiVersion", "involvedObject.apiVersion",
              "regarding.resourceVersion", "involvedObject.resourceVersion",
              "regarding.fieldPath", "involvedObject.fieldPath",
              "reportingController", "reportingComponent"),
          true);

  /** What every kind has: name and namespace. */
  public static final FieldLabels METADATA = new FieldLabels(Map.of(), Map.of(), false);

  private final Map<String, String> stored;
  private final boolean ownFields;

  private FieldLabels(
      Map<String, String> fields, Map<String, String> spellings, boolean ownFields) {
    this.stored =
        Stream.of(same("metadata.name", "metadata.namespace"), fields, spellings)
            .flatMap(map -> map.entrySet().stream())
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    this.ownFields = ownFields;
  }

  public static FieldLabels of(GroupResource resource) {
    if (resource.equals(GroupResource.PODS)) {
      return PODS;
    }
    if (resource.equals(GroupResource.EVENTS)) {
      return EVENTS;
    }
    return resource.equals(GroupResource.EVENTS_K8S_IO) ? EVENTS_K8S_IO : METADATA;
  }

  /**
   * The selector in the stored spelling.
   *
   * @throws ApiException 400 if a field does not exist in this API
   */
  public FieldSelector stored(FieldSelector selector) {
    if (selector.isEmpty()) {
      return selector;
    }
    List<Requirement> requirements = new ArrayList<>();
    for (Requirement requirement : selector.requirements()) {
      String field = stored.get(requirement.field());
      if (field == null) {
        throw unknown(requirement.field());
      }
      requirements.add(new Requirement(field, requirement.equal(), requirement.value()));
    }
    return new FieldSelector(requirements);
  }

  private ApiException unknown(String field) {
    return ApiException.badRequest(
        ownFields
            ? "field label not supported: " + field
            : "\""
                + field
                + "\" is not a known field selector: only \"metadata.name\","
                + " \"metadata.namespace\"");
  }

  private static Map<String, String> same(String... fields) {
    return Stream.of(fields).collect(Collectors.toMap(Function.identity(), Function.identity()));
  }
}
