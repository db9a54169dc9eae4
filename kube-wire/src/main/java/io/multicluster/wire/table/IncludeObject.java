package io.multicluster.wire.table;

import io.multicluster.wire.request.Query;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.GoText;

/** What stands in the {@code object} of each row of a Table. */
public enum IncludeObject {
  /** Null; the closing bookmark of initial events has its metadata all the same. */
  NONE,
  /** A PartialObjectMetadata of the Table's own version. */
  METADATA,
  /** The object as it is served otherwise. */
  OBJECT;

  /**
   * @throws ApiException 400
   */
  public static IncludeObject parse(Query query) {
    String text = query.get("includeObject");
    return switch (text) {
      case "None" -> NONE;
      case "", "Metadata" -> METADATA;
      case "Object" -> OBJECT;
      default ->
          throw ApiException.badRequest(
              "Unable to convert to Table as requested: includeObject: Invalid value: "
                  + GoText.quote(text)
                  + ": must be 'Metadata', 'Object', 'None', or empty");
    };
  }
}
