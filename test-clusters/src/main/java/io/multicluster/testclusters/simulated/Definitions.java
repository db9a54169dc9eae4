package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/** The status of CustomResourceDefinitions: first nothing is accepted, a moment later all is. */
final class Definitions {
  private Definitions() {}

  static void asNew(ObjectNode definition) {
    ObjectNode status = Json.object();
    status.putObject("acceptedNames").put("kind", "").put("plural", "");
    storedVersions(definition, status);
    definition.set("status", status);
  }

  static boolean isEstablished(JsonNode definition) {
    return Json.at(definition, "status", "conditions") != null;
  }

  static void asEstablished(ObjectNode definition) {
    ObjectNode status = Json.object();
    ArrayNode conditions = status.putArray("conditions");
    condition(conditions, "NamesAccepted", "NoConflicts", "no conflicts found");
    condition(
        conditions, "Established", "InitialNamesAccepted", "the initial names have been accepted");
    status.set("acceptedNames", definition.path("spec").path("names").deepCopy());
    storedVersions(definition, status);
    definition.set("status", status);
  }

  private static void condition(ArrayNode conditions, String type, String reason, String message) {
    conditions
        .addObject()
        .put("type", type)
        .put("status", "True")
        .put("lastTransitionTime", Canonical.SECONDS.format(Instant.now()))
        .put("reason", reason)
        .put("message", message);
  }

  private static void storedVersions(ObjectNode definition, ObjectNode status) {
    ArrayNode stored = status.putArray("storedVersions");
    for (JsonNode version : Json.elements(definition, "spec", "versions")) {
      if (Json.isTrue(version, "storage")) {
        stored.add(Json.string(version, "name"));
      }
    }
  }
}
