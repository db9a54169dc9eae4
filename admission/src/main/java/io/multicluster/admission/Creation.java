package io.multicluster.admission;

/**
 * An object that comes. It can lower replicas in two ways: by being the successor of one that had
 * more, and by being an autoscaler.
 */
final class Creation {
  private final AdmissionRequest request;
  private final Protection protection;

  Creation(AdmissionRequest request, Protection protection) {
    this.request = request;
    this.protection = protection;
  }

  Outcome admit() {
    Judgement judgement = Judgement.begin(request, protection);
    if (!request.info().subresource().isEmpty() || !concerned(judgement.rules())) {
      return Outcome.PassOn.UNJUDGED;
    }
    KubeObject created = Reads.object(new Writes(request).dryRun(request.body()));
    judge(judgement, created);
    judgement.settle(created);
    return judgement.passOn();
  }

  private boolean concerned(Rules rules) {
    ObjectKey key = request.key();
    return rules.limitAutoscaler(key)
        || (protection.history().size() > 0
            && rules.replicaPath(key.resource()) != null
            && rules.limitCreation(key));
  }

  /** Judges an object that a request makes, as a creation or otherwise. */
  static void judge(Judgement judgement, KubeObject created) {
    ObjectKey asked = judgement.request().key();
    // A creation's request has no name, and the object one that may be generated.
    ObjectKey key =
        new ObjectKey(asked.cluster(), asked.resource(), asked.namespace(), created.name());
    judgement.rules().creation(judgement.findings(), key, created);
    AutoscalerRules.judge(judgement, key, null, created);
  }
}
