package io.multicluster.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/** Looks at single objects, as the gateway itself. */
public interface ObjectLookup {
  /**
   * Blocks.
   *
   * @param path of the object, escaped, without query; may begin with {@code /clusters/NAME}
   * @return the object; null if there is none
   * @throws io.multicluster.wire.status.ApiException if that can't be said now, or ever
   */
  @Nullable JsonNode look(String path);
}
