package io.multicluster.server.admission;

import io.multicluster.admission.Admission;
import io.multicluster.admission.AdmissionRequest;
import io.multicluster.admission.Outcome;
import io.multicluster.server.audit.AuditAnnotations;
import io.multicluster.wire.status.ApiException;

/** Leaves what admission says for the audit record. */
final class Verdict {
  private static final String DECISION = "policy.multicluster.io/decision";
  private static final String RULES = "policy.multicluster.io/rules";

  private Verdict() {}

  /**
   * @throws ApiException if admission refuses
   */
  static Outcome recorded(Admission admission, AdmissionRequest request, AuditAnnotations audit) {
    try {
      Outcome outcome = admission.admit(request);
      audit.put(DECISION, "allow");
      if (!outcome.records().isEmpty()) {
        audit.put(RULES, String.join("; ", outcome.records()));
      }
      return outcome;
    } catch (ApiException refused) {
      audit.put(DECISION, "deny");
      audit.put(RULES, refused.status().message());
      throw refused;
    }
  }
}
