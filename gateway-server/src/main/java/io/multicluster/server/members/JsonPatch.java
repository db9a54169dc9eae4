package io.multicluster.server.members;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.proto.ClusterMark;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A JSON patch (RFC 6902), rewritten for its member. Its operations were thought out for the object
 * as we show it: with labels and annotations, of which the member may have none, and with our
 * resourceVersion. So that each does there what it would do here, operations on the marks are done
 * with here and the others find the maps that they count on.
 */
final class JsonPatch {
  /** What no object has. */
  private static final String NO_STATE = "0";

  private final MemberTerms terms;
  private final JsonNode shown;
  private final ArrayNode out = Json.MAPPER.createArrayNode();

  /** Whether the patch relies on maps that the member does not have at this moment. */
  private boolean assumes;

  /**
   * @param body for the member
   * @param otherwise the body if that one fails because the member has the maps by now; null if it
   *     relies on nothing
   */
  record Rewritten(byte[] body, byte @Nullable [] otherwise) {}

  private JsonPatch(MemberTerms terms, JsonNode shown) {
    this.terms = terms;
    this.shown = shown;
  }

  /**
   * @param shown the object as the client sees it, in JSON; null if there is none
   * @throws IOException if the body is no list in JSON
   * @throws ApiException 422 if an operation fails; else as {@link MemberTerms} does
   */
  static Rewritten inTerms(byte[] body, byte @Nullable [] shown, MemberTerms terms)
      throws IOException {
    if (!(Json.MAPPER.readTree(body) instanceof ArrayNode operations)) {
      throw new IOException("a JSON patch is a list");
    }
    JsonPatch patch =
        new JsonPatch(terms, shown == null ? Json.MAPPER.createObjectNode() : Json.ofCache(shown));
    for (JsonNode operation : operations) {
      patch.operation(operation);
    }
    byte[] plain = Json.MAPPER.writeValueAsBytes(patch.out);
    if (!patch.assumes) {
      return new Rewritten(plain, null);
    }
    ArrayNode all = Json.MAPPER.createArrayNode();
    for (String map : List.of("labels", "annotations")) {
      if (patch.onlyMarked(map)) {
        all.addObject().put("op", "test").put("path", "/metadata/" + map).putNull("value");
        all.addObject().put("op", "add").put("path", "/metadata/" + map).putObject("value");
      }
    }
    return new Rewritten(Json.MAPPER.writeValueAsBytes(all.addAll(patch.out)), plain);
  }

  private void operation(JsonNode operation) {
    if (!(operation instanceof ObjectNode original)) {
      out.add(operation);
      return;
    }
    ObjectNode changed = original.deepCopy();
    fromMark(changed);
    List<String> path = pointer(changed.path("path").asText());
    Target target = Target.of(path);
    switch (target) {
      case LABEL, ANNOTATION -> mark(target, changed);
      case MAP_ENTRY -> {
        assumes |= onlyMarked(path.get(1));
        out.add(changed);
      }
      case MAP -> {
        map(path.get(1), changed);
        out.add(changed);
      }
      case METADATA, OBJECT, RESOURCE_VERSION -> {
        value(target, changed);
        out.add(changed);
      }
      case ELSEWHERE -> out.add(changed);
    }
  }

  /** What an operation is about. */
  private enum Target {
    OBJECT,
    METADATA,
    RESOURCE_VERSION,
    /** All labels, or all annotations. */
    MAP,
    LABEL,
    ANNOTATION,
    /** Another label or annotation. */
    MAP_ENTRY,
    ELSEWHERE;

    static Target of(List<String> path) {
      Place place = Place.OBJECT;
      for (int i = 0; i < path.size(); i++) {
        String key = path.get(i);
        boolean last = i == path.size() - 1;
        if (place.isMark(key)) {
          return !last ? ELSEWHERE : place == Place.LABELS ? LABEL : ANNOTATION;
        }
        if (place == Place.LABELS || place == Place.ANNOTATIONS) {
          return last ? MAP_ENTRY : ELSEWHERE;
        }
        if (last && place.isResourceVersion(key)) {
          return RESOURCE_VERSION;
        }
        place = place.child(key);
      }
      return switch (place) {
        case OBJECT -> OBJECT;
        case METADATA -> METADATA;
        case LABELS, ANNOTATIONS -> MAP;
        default -> ELSEWHERE;
      };
    }
  }

  /** Copying a mark is setting its value. */
  private void fromMark(ObjectNode operation) {
    String op = operation.path("op").asText();
    if (!op.equals("copy") && !op.equals("move")) {
      return;
    }
    switch (Target.of(pointer(operation.path("from").asText()))) {
      case LABEL, ANNOTATION -> {
        operation.remove("from");
        operation.put("op", "add").put("value", terms.cluster());
      }
      default -> {}
    }
  }

  private void mark(Target target, ObjectNode operation) {
    String value = operation.path("value").asText();
    switch (operation.path("op").asText()) {
      case "add", "replace" -> {
        if (target == Target.LABEL) {
          terms.label(value);
        }
      }
      case "test" -> {
        if (!value.equals(terms.cluster())) {
          throw failed("testing value " + operation.path("path").asText() + " failed: test failed");
        }
      }
      case "remove" -> {
        // It comes back with the next read.
      }
      default -> out.add(operation);
    }
  }

  /** All labels or all annotations, of which the client always sees at least one. */
  private void map(String name, ObjectNode operation) {
    switch (operation.path("op").asText()) {
      case "replace" -> {
        operation.put("op", "add");
        clean(Place.METADATA.child(name), operation.get("value"), false);
      }
      case "remove" -> {
        operation.put("op", "add");
        operation.putObject("value");
      }
      case "test" -> {
        clean(Place.METADATA.child(name), operation.get("value"), true);
        if (operation.path("value").isObject() && operation.path("value").isEmpty()) {
          operation.putNull("value");
        }
      }
      default -> clean(Place.METADATA.child(name), operation.get("value"), false);
    }
  }

  private void value(Target target, ObjectNode operation) {
    boolean test = operation.path("op").asText().equals("test");
    switch (target) {
      case OBJECT -> clean(Place.OBJECT, operation.get("value"), test);
      case METADATA -> clean(Place.METADATA, operation.get("value"), test);
      default -> version(operation, "value", test);
    }
  }

  /** Takes the marks off a value and translates its resourceVersion. */
  private void clean(Place place, @Nullable JsonNode value, boolean test) {
    if (!(value instanceof ObjectNode object)) {
      return;
    }
    for (String key : new ArrayList<>(object.propertyStream().map(e -> e.getKey()).toList())) {
      if (place.isMark(key)) {
        if (place == Place.LABELS) {
          terms.label(object.path(key).asText());
        }
        object.remove(key);
      } else if (place.isResourceVersion(key)) {
        version(object, key, test);
      } else if (place.child(key) != Place.ELSEWHERE) {
        clean(place.child(key), object.get(key), test);
        if (test && place == Place.METADATA && object.path(key).isEmpty()) {
          object.remove(key);
        }
      }
    }
  }

  private void version(ObjectNode object, String key, boolean test) {
    if (object.path(key).isTextual()) {
      String ours = object.path(key).asText();
      String theirs = test ? terms.resourceVersionIfCurrent(ours) : terms.resourceVersion(ours);
      object.put(key, theirs == null ? NO_STATE : theirs);
    }
  }

  /** Whether the object has labels, or annotations, only because we show the cluster there. */
  private boolean onlyMarked(String map) {
    JsonNode entries = shown.path("metadata").path(map);
    return entries.size() == 1
        && (entries.has(ClusterMark.LABEL) || entries.has(ClusterMark.ANNOTATION));
  }

  private static List<String> pointer(String text) {
    List<String> path = new ArrayList<>();
    try {
      for (JsonPointer rest = JsonPointer.compile(text); !rest.matches(); rest = rest.tail()) {
        path.add(rest.getMatchingProperty());
      }
      return path;
    } catch (IllegalArgumentException e) {
      return List.of("not a pointer");
    }
  }

  private static ApiException failed(String why) {
    return new ApiException(
        Status.failure(
                422, "Invalid", "the server rejected our request due to an error in our request")
            .withDetails(
                new Status.Details(
                    "",
                    "",
                    "",
                    "",
                    List.of(new Status.Cause("UnexpectedServerResponse", why, "")),
                    0)));
  }
}
