package io.multicluster.admission;

import io.multicluster.wire.status.ApiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One try to judge a request: by the policies that are in force when it begins. When another writer
 * was faster there is another try, with nothing kept of this one. Confined to the request's thread.
 *
 * @param findings what is wrong with the change, so far
 */
record Judgement(
    AdmissionRequest request, Protection protection, Rules rules, Reads reads, Findings findings) {
  private static final Logger LOG = LoggerFactory.getLogger(Judgement.class);

  static Judgement begin(AdmissionRequest request, Protection protection) {
    return new Judgement(
        request,
        protection,
        protection.rules(),
        new Reads(request.server(), request.auditId()),
        new Findings(protection.settings(), request.user()));
  }

  /** Of something else that the request touches: by the same rules, with findings of its own. */
  Judgement another() {
    return new Judgement(
        request, protection, rules, reads, new Findings(protection.settings(), request.user()));
  }

  /**
   * Judges a deletion, whether the request asks for it or brings it about.
   *
   * @param orphans whether what the object owns stays
   */
  void deletion(ObjectKey key, KubeObject object, boolean orphans) {
    Containment containment = new Containment(this);
    rules.deletion(findings, key, object, () -> containment.contents(key, object));
    if (findings.refusals().isEmpty()) {
      containment.judge(key, object, orphans);
    }
  }

  /**
   * Ends the request if something refuses it, unless its user overrides that for a reason that the
   * request or the object gives.
   */
  void settle(KubeObject object) {
    findings.override(reason(object));
    refuse(object.name());
  }

  /** The reason for breaking a rule: the request's own, or the one that the object carries. */
  String reason(KubeObject object) {
    String onObject = object.annotation(Rules.OVERRIDE);
    return request.override().isBlank() && onObject != null ? onObject : request.override();
  }

  /** Ends the request if something refuses it. */
  void refuse(String name) {
    if (findings.none()) {
      return;
    }
    boolean refused = !findings.refusals().isEmpty();
    LOG.atWarn()
        .addKeyValue("auditID", request.auditId())
        .addKeyValue("user", request.user().name())
        .addKeyValue("verb", request.info().verb())
        .addKeyValue("resource", request.info().groupResource())
        .addKeyValue("namespace", request.info().namespace())
        .addKeyValue("name", name)
        .addKeyValue("rules", refused ? findings.refusals() : findings.records())
        .log(refused ? "Refused a change" : "Let a change break a rule");
    if (refused) {
      throw ApiException.forbidden(
          request.info().groupResource(), name, String.join("; ", findings.refusals()));
    }
  }

  Outcome passOn() {
    return new Outcome.PassOn(findings.warnings(), findings.records(), () -> {}, true);
  }

  Outcome answered(ApiServer.Answer answer) {
    return new Outcome.Answered(answer, findings.warnings(), findings.records());
  }
}
