package io.multicluster.wire.negotiate;

import io.multicluster.wire.status.ApiException;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/** The kinds of patches, by the Content-Type of the request. */
public enum PatchType {
  JSON("application/json-patch+json"),
  MERGE("application/merge-patch+json"),
  /** Built-in kinds only. */
  STRATEGIC_MERGE("application/strategic-merge-patch+json"),
  APPLY("application/apply-patch+yaml");

  private final String contentType;

  PatchType(String contentType) {
    this.contentType = contentType;
  }

  public String contentType() {
    return contentType;
  }

  /**
   * @param contentType null if the request has none
   * @param builtIn whether the kind takes strategic merge patches
   * @throws ApiException 415
   */
  public static PatchType of(@Nullable String contentType, boolean builtIn) {
    String type = contentType == null ? "" : contentType;
    int parameters = type.indexOf(';');
    if (parameters >= 0) {
      type = type.substring(0, parameters);
    }
    EnumSet<PatchType> accepted = EnumSet.allOf(PatchType.class);
    if (!builtIn) {
      accepted.remove(STRATEGIC_MERGE);
    }
    for (PatchType candidate : accepted) {
      if (candidate.contentType.equals(type)) {
        return candidate;
      }
    }
    throw Negotiator.unsupportedMediaType(accepted.stream().map(PatchType::contentType).toList());
  }
}
