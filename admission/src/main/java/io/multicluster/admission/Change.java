package io.multicluster.admission;

import io.multicluster.admission.KubeObject.Owner;
import io.multicluster.admission.MemberPods.Pod;
import io.multicluster.admission.MemberPods.PodOwner;
import io.multicluster.wire.status.ApiException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An update, patch or apply of an object, of its scale or its status. */
final class Change {
  private final AdmissionRequest request;
  private final Protection protection;
  private final Writes writes;

  Change(AdmissionRequest request, Protection protection) {
    this.request = request;
    this.protection = protection;
    this.writes = new Writes(request);
  }

  Outcome admit() {
    ConditionalBody body = null;
    for (int attempt = 0; attempt < Writes.ATTEMPTS; attempt++) {
      Judgement judgement = Judgement.begin(request, protection);
      Reads reads = judgement.reads();
      KubeObject before = reads.get(request.objectPath());
      if (!concerned(judgement.rules(), before)) {
        return Outcome.PassOn.UNJUDGED;
      }
      if (body == null) {
        body = ConditionalBody.of(request.info(), request.contentType(), request.body());
      }
      if (before == null && !body.creates()) {
        throw ApiException.notFound(request.key().resource(), request.key().name());
      }
      String claimed = body.claimed();
      String version = Writes.version(before);
      if (claimed != null && !claimed.equals(version)) {
        throw writes.modified();
      }
      byte[] conditional = body.onlyIf(version);
      ApiServer.Answer trial = writes.dryRun(conditional);
      if (claimed == null && writes.overtaken(trial, reads, version)) {
        continue;
      }
      KubeObject trialled = Reads.object(trial);
      Pod counted = judge(judgement, before, trialled);
      try {
        judgement.settle(trialled);
        if (!request.isDryRun()) {
          remember(judgement.rules(), before, trialled);
        }
      } catch (ApiException refused) {
        undo(counted);
        throw refused;
      }
      if (request.isDryRun()) {
        undo(counted);
        return judgement.passOn();
      }
      ApiServer.Answer answer = writes.change(conditional);
      if (answer.status() / 100 == 4) {
        undo(counted);
      }
      if (claimed == null && writes.overtaken(answer, reads, version)) {
        continue;
      }
      if (answer.successful()) {
        remember(judgement.rules(), before, trialled);
      }
      return judgement.answered(answer);
    }
    throw writes.modified();
  }

  private boolean concerned(Rules rules, @Nullable KubeObject before) {
    ObjectKey key = request.key();
    if (before != null) {
      // What holds others may be given an owner that is gone, and take them along.
      return rules.concern(key, before) || Containment.holds(key);
    }
    return !request.toPods() && (rules.limitCreation(key) || rules.limitAutoscaler(key));
  }

  /**
   * @param trialled what the API server answered to the dry run: the object, or its scale
   * @return the pod whose removal counts from now on, until it is taken back; null if none does
   */
  private @Nullable Pod judge(
      Judgement judgement, @Nullable KubeObject before, KubeObject trialled) {
    if (before == null) {
      Creation.judge(judgement, trialled);
      return null;
    }
    if (request.toPods()) {
      return judgePod(judgement, before, trialled);
    }
    KubeObject after = after(judgement.rules(), before, trialled);
    judgement.rules().update(judgement.findings(), request.key(), before, after);
    AutoscalerRules.judge(judgement, request.key(), before, after);
    if (before.terminating() && before.hasFinalizers() && !after.hasFinalizers()) {
      judgement.deletion(request.key(), before, false);
    }
    adoption(judgement, before, after);
    return null;
  }

  /** A change that has a pod's owner lose it counts as the pod's deletion. */
  private @Nullable Pod judgePod(Judgement judgement, KubeObject before, KubeObject after) {
    judgement.rules().update(judgement.findings(), request.key(), before, after);
    String departure =
        before.terminating() ? null : PodDeparture.of(before, after, new Containment(judgement));
    if (departure == null) {
      return null;
    }
    Pod pod = PodDeparture.pod(request.info().cluster(), before);
    PodOwner owner = pod.owner();
    Judgement removal = judgement.another();
    boolean counted =
        protection
            .podRules()
            .remove(
                removal.findings(),
                removal.rules().policies(),
                pod,
                owner == null ? List.of() : protection.pods().ownedBy(owner),
                removal.reason(after));
    judgement.findings().include(departure, removal.findings());
    return counted ? pod : null;
  }

  private void undo(@Nullable Pod counted) {
    if (counted != null) {
      protection.podRules().undo(counted);
    }
  }

  /** An owner that is not there has the garbage collector delete what it is said to own. */
  private void adoption(Judgement judgement, KubeObject before, KubeObject after) {
    List<Owner> added = new ArrayList<>(after.owners());
    added.removeAll(before.owners());
    if (added.isEmpty()) {
      return;
    }
    Judgement deletion = judgement.another();
    deletion.deletion(request.key(), before, true);
    if (deletion.findings().none()) {
      return;
    }
    Containment containment = new Containment(judgement);
    for (Owner owner : added) {
      if (!containment.isAlive(owner, before.namespace())) {
        judgement
            .findings()
            .include(
                "owner " + owner.kind() + " \"" + owner.name() + "\" is not there or going",
                deletion.findings());
        return;
      }
    }
  }

  private KubeObject after(Rules rules, KubeObject before, KubeObject trialled) {
    if (!request.info().subresource().equals("scale")) {
      return trialled;
    }
    ReplicaPath path = rules.replicaPath(request.key().resource());
    if (path == null) {
      // Where the replicas are is not known, so nothing can be judged by them.
      throw ApiException.forbidden(
          request.key().resource(),
          request.key().name(),
          "a rule concerns it, and its kind is missing among the configured replica paths");
    }
    return before.with(path.path(), trialled.spec().path("replicas").asInt(0));
  }

  /** Remembers what the object had while this change is under way, if the change takes it away. */
  private void remember(Rules rules, @Nullable KubeObject before, KubeObject trialled) {
    ReplicaPath path = rules.replicaPath(request.key().resource());
    if (before == null || path == null) {
      return;
    }
    int had = path.replicas(before);
    if (path.remaining(before, after(rules, before, trialled)) < had) {
      protection.remember(request.key(), had);
    }
  }
}
