package io.multicluster.admission;

import io.multicluster.admission.MemberPods.Pod;
import io.multicluster.admission.MemberPods.PodOwner;
import io.multicluster.wire.negotiate.Format;
import io.multicluster.wire.negotiate.Negotiator;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.request.ListOptions;
import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.status.ApiException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The deletion or eviction of pods that live in members. They are judged by what is known of them
 * and counted; who writes to the members carries it out, and tells if it was not done.
 */
final class PodRemoval {
  private final AdmissionRequest request;
  private final Protection protection;

  PodRemoval(AdmissionRequest request, Protection protection) {
    this.request = request;
    this.protection = protection;
  }

  Outcome admit() {
    boolean eviction = request.info().subresource().equals("eviction");
    boolean one = eviction || request.info().verb().equals("delete");
    boolean dryRun = eviction ? isDryRunOfEviction() : request.deleteOptions().isDryRun();
    List<Pod> selected = one ? named() : selected();
    Judgement all = Judgement.begin(request, protection);
    List<Pod> counted = new ArrayList<>();
    try {
      judge(all, selected, counted);
    } catch (RuntimeException refused) {
      undo(counted);
      throw refused;
    }
    if (dryRun) {
      undo(counted);
      return all.passOn();
    }
    AtomicReference<List<Pod>> done = new AtomicReference<>(counted);
    return new Outcome.PassOn(
        all.findings().warnings(),
        all.findings().records(),
        () -> undo(done.getAndSet(List.of())),
        one);
  }

  /**
   * @param counted receives the pods whose removal counts from now on, also if one is refused
   */
  private void judge(Judgement all, List<Pod> selected, List<Pod> counted) {
    Map<PodOwner, List<Pod>> siblings = new HashMap<>();
    for (Pod pod : selected) {
      PodOwner owner = pod.owner();
      List<Pod> family =
          owner == null ? List.of() : siblings.computeIfAbsent(owner, protection.pods()::ownedBy);
      Judgement judgement = all.another();
      if (protection
          .podRules()
          .remove(judgement.findings(), all.rules().policies(), pod, family, request.override())) {
        counted.add(pod);
      }
      judgement.refuse(pod.name());
      all.findings().add(judgement.findings());
    }
  }

  private void undo(List<Pod> counted) {
    counted.forEach(protection.podRules()::undo);
  }

  /** More than one if several members have a pod of that name; who writes decides about that. */
  private List<Pod> named() {
    return select(
        LabelSelector.EVERYTHING, FieldSelector.parse("metadata.name=" + request.info().name()));
  }

  private List<Pod> selected() {
    ListOptions options = ListOptions.parse(request.query(), request.info());
    return select(options.labels(), options.fields());
  }

  private List<Pod> select(LabelSelector labels, FieldSelector fields) {
    return protection
        .pods()
        .select(request.info().cluster(), request.info().namespace(), labels, fields);
  }

  /** It may say so in its query or in its body's options. */
  private boolean isDryRunOfEviction() {
    try {
      boolean byOptions =
          Negotiator.body(request.contentType()) == Format.PROTOBUF
              ? isDryRunOfEviction(request.body())
              : !KubeObject.parse(request.body())
                  .root()
                  .path("deleteOptions")
                  .path("dryRun")
                  .isEmpty();
      return request.isDryRun() || byOptions;
    } catch (IOException | MalformedProtoException e) {
      throw ApiException.badRequest("the body holds no Eviction: " + e.getMessage());
    }
  }

  private static boolean isDryRunOfEviction(byte[] body) {
    Envelope.Content content = Envelope.open(body, 0, body.length);
    ProtoReader eviction = new ProtoReader(body, content.rawStart(), content.rawEnd());
    while (eviction.next()) {
      if (eviction.field() == 2) {
        ProtoReader options = eviction.message();
        while (options.next()) {
          if (options.field() == 5) {
            return true;
          }
        }
      }
    }
    return false;
  }
}
