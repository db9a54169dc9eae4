package io.multicluster.admission;

import io.multicluster.wire.request.DeleteOptions;
import io.multicluster.wire.status.ApiException;

/** The deletion of one object. */
final class Deletion {
  private final AdmissionRequest request;
  private final Protection protection;
  private final Writes writes;

  Deletion(AdmissionRequest request, Protection protection) {
    this.request = request;
    this.protection = protection;
    this.writes = new Writes(request);
  }

  Outcome admit() {
    DeleteOptions options = request.deleteOptions();
    for (int attempt = 0; attempt < Writes.ATTEMPTS; attempt++) {
      Judgement judgement = Judgement.begin(request, protection);
      KubeObject before = judgement.reads().get(request.objectPath());
      if (before == null) {
        throw ApiException.notFound(request.key().resource(), request.key().name());
      }
      if (insistsOnAnother(options, before)) {
        return Outcome.PassOn.UNJUDGED; // The server refuses, in its own words.
      }
      judgement.deletion(request.key(), before, orphans(options));
      judgement.settle(before);
      if (options.isDryRun()) {
        return judgement.passOn();
      }
      remember(judgement, request.key(), before);
      ApiServer.Answer answer = writes.delete(request.path(), options, before);
      if (options.resourceVersion() == null
          && writes.overtaken(answer, judgement.reads(), before.resourceVersion())) {
        continue;
      }
      return judgement.answered(answer);
    }
    throw writes.modified();
  }

  private static boolean insistsOnAnother(DeleteOptions options, KubeObject object) {
    String uid = options.uid();
    String version = options.resourceVersion();
    return (uid != null && !uid.equals(object.uid()))
        || (version != null && !version.equals(object.resourceVersion()));
  }

  /** Whether what the object owns stays. */
  static boolean orphans(DeleteOptions options) {
    return "Orphan".equals(options.propagationPolicy())
        || Boolean.TRUE.equals(options.orphanDependents());
  }

  /** So that an object made anew is judged by what this one had. */
  static void remember(Judgement judgement, ObjectKey key, KubeObject object) {
    ReplicaPath path = judgement.rules().replicaPath(key.resource());
    if (path != null && judgement.rules().limitCreation(key)) {
      judgement.protection().remember(key, path.replicas(object));
    }
  }
}
