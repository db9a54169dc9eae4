package io.multicluster.wire.request;

import io.multicluster.wire.rv.ResourceVersion;
import io.multicluster.wire.status.ApiException;

/** The parameters of a get. */
public record GetOptions(ResourceVersion resourceVersion) {
  /**
   * @throws ApiException 400
   */
  public static GetOptions parse(Query query) {
    if (query.truthy("export")) {
      throw ApiException.badRequest(
          "the export parameter, deprecated since v1.14, is no longer supported");
    }
    return new GetOptions(ResourceVersion.parse(query.get("resourceVersion")));
  }
}
