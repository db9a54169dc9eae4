package io.multicluster.admission;

import io.multicluster.wire.request.DeleteOptions;
import io.multicluster.wire.resource.GroupResource;
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
      check(request, options, before);
      judgement.deletion(request.key(), before, orphans(options));
      judgement.settle(before);
      if (options.isDryRun()) {
        return judgement.passOn();
      }
      remember(judgement, request.key(), before);
      ApiServer.Answer answer = writes.delete(options, before);
      if (options.resourceVersion() == null
          && writes.overtaken(answer, judgement.reads(), before.resourceVersion())) {
        continue;
      }
      return judgement.answered(answer);
    }
    throw writes.modified();
  }

  /**
   * Refuses what is not the object that the client insists on, in kube-apiserver's words. This is
   * not left to the API server: by the time that it looks, the object may have come to that state
   * without having been judged in it.
   */
  static void check(AdmissionRequest request, DeleteOptions options, KubeObject object) {
    String uid = options.uid();
    if (uid != null && !uid.equals(object.uid())) {
      throw conflict(
          request,
          object,
          "the UID in the precondition ("
              + uid
              + ") does not match the UID in record ("
              + object.uid()
              + "). The object might have been deleted and then recreated");
    }
    String version = options.resourceVersion();
    if (version != null && !version.equals(object.resourceVersion())) {
      throw conflict(
          request,
          object,
          "the ResourceVersion in the precondition ("
              + version
              + ") does not match the ResourceVersion in record ("
              + object.resourceVersion()
              + "). The object might have been modified");
    }
  }

  private static ApiException conflict(AdmissionRequest request, KubeObject object, String why) {
    // It names the kind, not the resource. The items of a list do not tell theirs.
    String kind = object.root().path("kind").asText(request.info().resource());
    return ApiException.conflict(
        new GroupResource(request.info().group(), kind), object.name(), why);
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
