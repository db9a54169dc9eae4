package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import org.jspecify.annotations.Nullable;

/**
 * The options of a DELETE, from its body or else from its query.
 *
 * @param uid precondition; empty: any
 * @param resourceVersion precondition; empty: any
 * @param graceSeconds null: what the object itself says
 */
record DeleteOptions(
    String uid, String resourceVersion, @Nullable Long graceSeconds, boolean dryRun) {

  static DeleteOptions of(ServerRequest request) {
    if (request.body().length == 0) {
      return new DeleteOptions(
          "",
          "",
          request.query().containsKey("gracePeriodSeconds")
              ? Long.valueOf(request.number("gracePeriodSeconds"))
              : null,
          request.dryRun());
    }
    return of(RequestBody.object(request, Schema.message(Schema.META + "DeleteOptions")));
  }

  static DeleteOptions of(JsonNode options) {
    JsonNode grace = Json.at(options, "gracePeriodSeconds");
    return new DeleteOptions(
        Json.string(options, "preconditions", "uid"),
        Json.string(options, "preconditions", "resourceVersion"),
        grace == null ? null : Long.valueOf(grace.asLong()),
        Json.strings(options, "dryRun").contains("All"));
  }

  /** 409 if the object is not the one that the client means. */
  void check(ResourceType type, Entry entry) {
    if (!uid.isEmpty() && !uid.equals(entry.uid())) {
      throw refused(type, entry, "UID", uid, entry.uid());
    }
    String version = Long.toString(entry.resourceVersion());
    if (!resourceVersion.isEmpty() && !resourceVersion.equals(version)) {
      throw refused(type, entry, "ResourceVersion", resourceVersion, version);
    }
  }

  private static ApiException refused(
      ResourceType type, Entry entry, String what, String wanted, String found) {
    return ApiException.conflict(
        new GroupResource(type.group(), type.kind()),
        entry.name(),
        "the "
            + what
            + " in the precondition ("
            + wanted
            + ") does not match the "
            + what
            + " in record ("
            + found
            + "). The object might have been "
            + (what.equals("UID") ? "deleted and then recreated" : "modified"));
  }

  /** How long a pod may take to end: not at all if it never started or has ended. */
  long gracePeriod(ObjectNode pod) {
    String phase = Json.string(pod, "status", "phase");
    if (Json.string(pod, "spec", "nodeName").isEmpty()
        || phase.equals("Succeeded")
        || phase.equals("Failed")) {
      return 0;
    }
    long grace =
        graceSeconds == null
            ? Json.integer(pod, "spec", "terminationGracePeriodSeconds")
            : graceSeconds;
    return grace < 0 ? 1 : grace;
  }
}
