package io.multicluster.server.members;

import io.multicluster.wire.proto.ClusterMark;

/** The objects in a body in which something can stand that means something else in a member. */
enum Place {
  /** An object, or a patch that has its shape. */
  OBJECT,
  /** An {@code Eviction}. */
  EVICTION,
  METADATA,
  LABELS,
  ANNOTATIONS,
  DELETE_OPTIONS,
  PRECONDITIONS,
  ELSEWHERE;

  /** What the object under a key is. */
  Place child(String key) {
    return switch (this) {
      case OBJECT -> key.equals("metadata") ? METADATA : ELSEWHERE;
      case EVICTION ->
          switch (key) {
            case "metadata" -> METADATA;
            case "deleteOptions" -> DELETE_OPTIONS;
            default -> ELSEWHERE;
          };
      case METADATA ->
          switch (key) {
            case "labels" -> LABELS;
            case "annotations" -> ANNOTATIONS;
            default -> ELSEWHERE;
          };
      case DELETE_OPTIONS -> key.equals("preconditions") ? PRECONDITIONS : ELSEWHERE;
      case LABELS, ANNOTATIONS, PRECONDITIONS, ELSEWHERE -> ELSEWHERE;
    };
  }

  /** Whether the text under a key is a resourceVersion that we minted. */
  boolean isResourceVersion(String key) {
    return (this == METADATA || this == PRECONDITIONS) && key.equals("resourceVersion");
  }

  /** Whether a key is one of those that we add while serving, and the member does not have. */
  boolean isMark(String key) {
    return switch (this) {
      case LABELS -> key.equals(ClusterMark.LABEL);
      case ANNOTATIONS -> key.equals(ClusterMark.ANNOTATION);
      default -> false;
    };
  }
}
