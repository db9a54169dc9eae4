package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.util.Map;

/** JSON, merge and strategic merge patches. Apply is {@link ManagedFields}'. */
final class Patches {
  static final String JSON_PATCH = "application/json-patch+json";
  static final String MERGE = "application/merge-patch+json";
  static final String STRATEGIC = "application/strategic-merge-patch+json";
  static final String APPLY = "application/apply-patch+yaml";

  private Patches() {}

  /**
   * The object after the patch; {@code current} stays as it is.
   *
   * @param type what the patch is for; its schema steers strategic merges
   */
  static ObjectNode apply(ResourceType type, ObjectNode current, ServerRequest request) {
    String mediaType = RequestBody.mediaType(request);
    ObjectNode target = current.deepCopy();
    return switch (mediaType) {
      case JSON_PATCH -> JsonPatches.apply(target, RequestBody.json(request.body()));
      case MERGE -> {
        merge(target, Json.requireObject(RequestBody.json(request.body()), "a merge patch"));
        yield target;
      }
      case STRATEGIC -> {
        if (type.custom() != null) {
          throw unsupported(type);
        }
        StrategicMerge.apply(
            type.message(),
            target,
            Json.requireObject(RequestBody.json(request.body()), "a strategic merge patch"));
        yield target;
      }
      default -> throw unsupported(type);
    };
  }

  static ApiException unsupported(ResourceType type) {
    if (type.custom() == null) {
      return new ApiException(
          Status.failure(415, "UnsupportedMediaType", "415: Unsupported Media Type")
              .withDetails(Status.Details.EMPTY));
    }
    return RequestBody.unsupported(JSON_PATCH + ", " + MERGE + ", " + APPLY);
  }

  /** RFC 7386. */
  static void merge(ObjectNode target, ObjectNode patch) {
    for (Map.Entry<String, JsonNode> entry : patch.properties()) {
      JsonNode value = entry.getValue();
      if (value.isNull()) {
        target.remove(entry.getKey());
      } else if (value instanceof ObjectNode object) {
        ObjectNode child =
            target.get(entry.getKey()) instanceof ObjectNode there ? there : Json.object();
        merge(child, object);
        target.set(entry.getKey(), child);
      } else {
        target.set(entry.getKey(), value);
      }
    }
  }
}
