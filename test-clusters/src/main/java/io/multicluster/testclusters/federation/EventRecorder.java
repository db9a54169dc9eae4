package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events of one component, in the form in which most components write them (core/v1 with two
 * timestamps and a count), or as the scheduler does (with an event time and an action). An event
 * that can't be written is lost, as usual. Thread-safe.
 */
final class EventRecorder {
  private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);

  private final KubernetesClient client;
  private final String component;
  private final String host;

  /**
   * @param host the node of the component; empty if it has none
   */
  EventRecorder(KubernetesClient client, String component, String host) {
    this.client = client;
    this.component = component;
    this.host = host;
  }

  void normal(ObjectReference about, String reason, String message) {
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    write(
        event(about, reason, message)
            .withFirstTimestamp(now)
            .withLastTimestamp(now)
            .withCount(1)
            .withNewSource(component, host.isEmpty() ? null : host)
            .withReportingComponent(component)
            .withReportingInstance(host)
            .build());
  }

  void action(ObjectReference about, String action, String reason, String message) {
    write(
        event(about, reason, message)
            .withEventTime(new MicroTime(Instant.now().truncatedTo(ChronoUnit.MICROS).toString()))
            .withAction(action)
            .withReportingComponent(component)
            .withReportingInstance(component + "-0")
            .build());
  }

  /**
   * @param fieldPath of the part that the event is about; empty for the whole object
   */
  static ObjectReference about(HasMetadata object, String fieldPath) {
    return new ObjectReferenceBuilder()
        .withApiVersion(object.getApiVersion())
        .withKind(object.getKind())
        .withNamespace(object.getMetadata().getNamespace())
        .withName(object.getMetadata().getName())
        .withUid(object.getMetadata().getUid())
        .withResourceVersion(object.getMetadata().getResourceVersion())
        .withFieldPath(fieldPath.isEmpty() ? null : fieldPath)
        .build();
  }

  private static EventBuilder event(ObjectReference about, String reason, String message) {
    return new EventBuilder()
        .withNewMetadata()
        .withNamespace(about.getNamespace())
        .withName("%s.%016x".formatted(about.getName(), ThreadLocalRandom.current().nextLong()))
        .endMetadata()
        .withInvolvedObject(about)
        .withType("Normal")
        .withReason(reason)
        .withMessage(message);
  }

  private void write(Event event) {
    try {
      client.resource(event).create();
    } catch (KubernetesClientException e) {
      LOG.debug("lost an event: {}", e.toString());
    }
  }
}
