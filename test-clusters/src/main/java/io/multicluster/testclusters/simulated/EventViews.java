package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** {@code v1} and {@code events.k8s.io/v1} events are two spellings of one stored object. */
final class EventViews {
  private static final Map<String, String> CORE_TO_EVENTS =
      Map.of(
          "involvedObject", "regarding",
          "message", "note",
          "source", "deprecatedSource",
          "firstTimestamp", "deprecatedFirstTimestamp",
          "lastTimestamp", "deprecatedLastTimestamp",
          "count", "deprecatedCount",
          "reportingComponent", "reportingController");
  private static final Map<String, String> EVENTS_TO_CORE =
      CORE_TO_EVENTS.entrySet().stream()
          .collect(
              java.util.stream.Collectors.toUnmodifiableMap(
                  Map.Entry::getValue, Map.Entry::getKey));

  private EventViews() {}

  static ObjectNode toEvents(ObjectNode core) {
    return rename(core, CORE_TO_EVENTS, "events.k8s.io/v1", "io.k8s.api.events.v1.Event");
  }

  static ObjectNode toCore(ObjectNode event) {
    return rename(event, EVENTS_TO_CORE, "v1", "io.k8s.api.core.v1.Event");
  }

  private static ObjectNode rename(
      ObjectNode in, Map<String, String> names, String apiVersion, String message) {
    ObjectNode out = Json.object();
    in.forEachEntry((name, value) -> out.set(names.getOrDefault(name, name), value));
    out.put("apiVersion", apiVersion);
    return Canonical.of(Schema.message(message), out).object();
  }
}
