package io.multicluster.server.flowcontrol;

import io.netty.util.AsciiString;

/**
 * Where a request was put; the answer's headers name both.
 *
 * @param schemaUid of the FlowSchema that matched
 * @param levelUid of its priority level
 */
public record Admitted(AsciiString schemaUid, AsciiString levelUid) {
  public static final AsciiString SCHEMA_HEADER =
      AsciiString.cached("x-kubernetes-pf-flowschema-uid");
  public static final AsciiString LEVEL_HEADER =
      AsciiString.cached("x-kubernetes-pf-prioritylevel-uid");
}
