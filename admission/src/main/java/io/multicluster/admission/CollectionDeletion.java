package io.multicluster.admission;

import io.multicluster.wire.request.DeleteOptions;
import io.multicluster.wire.status.ApiException;
import java.util.List;

/**
 * The deletion of a collection. All that is selected is judged before any of it goes, then it is
 * deleted one by one: each only in the state that was judged, and judged again if that is over.
 *
 * <p>The answer is what the API server gives to the same as a dry run: the list of what is deleted
 * in the form that the client takes, or what is wrong with the request.
 */
final class CollectionDeletion {
  private final AdmissionRequest request;
  private final Protection protection;
  private final DeleteOptions options;
  private final Writes writes;

  CollectionDeletion(AdmissionRequest request, Protection protection) {
    this.request = request;
    this.protection = protection;
    this.options = request.deleteOptions();
    this.writes = new Writes(request);
  }

  Outcome admit() {
    Judgement all = Judgement.begin(request, protection);
    Reads.Listed selected = selected(all.reads());
    for (KubeObject object : selected.objects()) {
      all.findings().add(judge(all.another(), object));
    }
    ApiServer.Answer answer = writes.dryDeletion(options, selected.resourceVersion());
    if (answer.successful()) {
      // What was judged need not be what the API server has looked at.
      selected.objects().forEach(object -> Deletion.check(request, options, object));
      if (!options.isDryRun()) {
        selected.objects().forEach(object -> delete(all, object));
      }
    }
    return all.answered(answer);
  }

  private Reads.Listed selected(Reads reads) {
    StringBuilder query = new StringBuilder();
    for (String parameter : List.of("labelSelector", "fieldSelector")) {
      String value = request.query().get(parameter);
      if (!value.isEmpty()) {
        query.append(query.isEmpty() ? "" : "&").append(parameter).append('=');
        query.append(Reads.encode(value));
      }
    }
    for (String unsupported : List.of("limit", "continue", "resourceVersion")) {
      String value = request.query().get(unsupported);
      if (!value.isEmpty() && !value.equals("0")) {
        throw ApiException.badRequest(
            "a collection is deleted as a whole here: " + unsupported + " is not supported");
      }
    }
    return reads.all(request.objectPath(), query.toString());
  }

  private Findings judge(Judgement judgement, KubeObject object) {
    judgement.deletion(key(object), object, Deletion.orphans(options));
    judgement.settle(object);
    return judgement.findings();
  }

  private void delete(Judgement judgement, KubeObject judged) {
    ObjectKey key = key(judged);
    String path = Reads.path(request.info().groupVersionResource(), key.namespace(), key.name());
    KubeObject object = judged;
    for (int attempt = 0; attempt < Writes.ATTEMPTS; attempt++) {
      Deletion.remember(judgement, key, object);
      ApiServer.Answer answer = writes.deleteOneOf(path, options, object);
      if (answer.successful() || answer.status() == 404) {
        return;
      }
      if (!Writes.isConflict(answer) || options.resourceVersion() != null) {
        throw Reads.failure(answer);
      }
      KubeObject now = judgement.reads().get(path);
      if (now == null || !now.uid().equals(judged.uid())) {
        return; // What was selected is gone.
      }
      judge(Judgement.begin(request, protection), now);
      object = now;
    }
    throw writes.modified();
  }

  private ObjectKey key(KubeObject object) {
    return new ObjectKey(
        request.info().cluster(),
        request.info().groupResource(),
        object.namespace(),
        object.name());
  }
}
