package io.multicluster.server.flowcontrol;

/**
 * Where a request was put; the answer's headers name both.
 *
 * @param schemaUid of the FlowSchema that matched
 * @param levelUid of its priority level
 */
public record Admitted(String schemaUid, String levelUid) {
  public static final String SCHEMA_HEADER = "x-kubernetes-pf-flowschema-uid";
  public static final String LEVEL_HEADER = "x-kubernetes-pf-prioritylevel-uid";
}
