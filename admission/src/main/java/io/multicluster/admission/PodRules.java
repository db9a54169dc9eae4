package io.multicluster.admission;

import io.multicluster.admission.MemberPods.Pod;
import io.multicluster.admission.MemberPods.PodOwner;
import io.multicluster.admission.ProtectionPolicy.DeleteMode;
import io.multicluster.admission.ProtectionPolicy.ScaleDown;
import io.multicluster.wire.resource.GroupResource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Judges the removal of pods, by deletion or eviction. Where a policy limits how replicas fall,
 * removing pods has the same limits per owner: a budget within the window.
 *
 * <p>Thread-safe. A removal is counted before it is carried out, under one lock with its judgement,
 * so that removals at the same moment see each other; it is given back if it was not carried out.
 * Several requests may remove the same pod: it counts once, and until the last of them has turned
 * out not to have done it.
 */
final class PodRules {
  private static final int MOST_REMOVALS = 100_000;

  private final ReplicaHistory history;
  private final LongSupplier nanoTime;
  private final Map<PodOwner, ArrayDeque<Removal>> removals = new HashMap<>();
  private int remembered;

  /**
   * @param requests how many remove the pod, those that have turned out not to do it apart
   */
  private record Removal(String cluster, String uid, long at, int requests) {
    boolean of(Pod pod) {
      return uid.equals(pod.uid()) && cluster.equals(pod.cluster());
    }

    Removal with(int more) {
      return new Removal(cluster, uid, at, requests + more);
    }
  }

  PodRules(ReplicaHistory history, LongSupplier nanoTime) {
    this.history = history;
    this.nanoTime = nanoTime;
  }

  /** Judges a removal for what stands on the pod and in policies, budgets apart. */
  void protection(Findings findings, List<ProtectionPolicy> policies, Pod pod) {
    if (DeleteMode.ALWAYS.toString().equals(pod.labels().get(Rules.KRUISE_LABEL))) {
      findings.refuse(
          Rules.KRUISE_LABEL + "=Always protects it from deletion", "remove the label first");
    }
    if (DeleteMode.ALWAYS.toString().equals(pod.labels().get(Rules.KARMADA_LABEL))) {
      findings.refuse(
          Rules.KARMADA_LABEL + "=Always protects it from deletion", "remove the label first");
    }
    for (ProtectionPolicy policy : policies) {
      if (policy.delete() == DeleteMode.ALWAYS && concerns(policy, findings, pod)) {
        findings.add(policy, "protects it from deletion (Always)", "change the policy");
      }
    }
  }

  /**
   * Judges a removal and, if it is not refused, counts it.
   *
   * @param siblings the pods of the pod's owner; none if it has no owner
   * @param override why a refusal is to be overridden; empty if it is not
   * @return whether it counts, so that it is to be taken back by {@link #undo} if it is not done
   */
  synchronized boolean remove(
      Findings findings,
      List<ProtectionPolicy> policies,
      Pod pod,
      List<Pod> siblings,
      String override) {
    protection(findings, policies, pod);
    PodOwner owner = pod.owner();
    boolean known = owner != null && isRemoved(owner, pod);
    boolean counts = owner != null && !known && !pod.terminating() && !pod.finished();
    int live = 0;
    if (owner != null && counts) {
      live = (int) siblings.stream().filter(sibling -> isLive(owner, sibling)).count();
      for (ProtectionPolicy policy : policies) {
        if (concerns(policy, findings, pod)) {
          budget(findings, policy, owner, live);
        }
      }
    }
    findings.override(override);
    if (!findings.refusals().isEmpty() || owner == null) {
      return false;
    }
    if (known) {
      change(owner, pod, 1);
      return true;
    }
    return counts && limited(policies, findings, pod) && count(findings, owner, pod, live);
  }

  /** Takes back what one {@link #remove} of this pod counted. */
  synchronized void undo(Pod pod) {
    PodOwner owner = pod.owner();
    if (owner != null) {
      change(owner, pod, -1);
    }
  }

  /** Has more or fewer requests remove a pod; what none removes is forgotten. */
  private void change(PodOwner owner, Pod pod, int more) {
    ArrayDeque<Removal> row = removals.get(owner);
    if (row == null) {
      return;
    }
    int size = row.size();
    // In place: a row is in the order of time.
    for (int i = 0; i < size; i++) {
      Removal removal = row.removeFirst();
      Removal changed = removal.of(pod) ? removal.with(more) : removal;
      if (changed.requests > 0) {
        row.addLast(changed);
      }
    }
    remembered -= size - row.size();
    if (row.isEmpty()) {
      removals.remove(owner);
    }
  }

  private boolean limited(List<ProtectionPolicy> policies, Findings findings, Pod pod) {
    return policies.stream()
        .anyMatch(policy -> policy.scaleDown() != null && concerns(policy, findings, pod));
  }

  private void budget(Findings findings, ProtectionPolicy policy, PodOwner owner, int live) {
    ScaleDown limits = policy.scaleDown();
    if (limits == null) {
      return;
    }
    int highest = history.highest(key(owner), limits.window(), live);
    int gone = within(owner, limits.window());
    int may = limits.mayGo(highest);
    if (gone >= may || live - 1 < limits.minReplicas()) {
      findings.add(
          policy,
          "lets "
              + may
              + " of the "
              + highest
              + " pods of "
              + owner.kind()
              + " \""
              + owner.name()
              + "\" go"
              + (limits.window().isZero() ? "" : " within " + Rules.text(limits.window()))
              + ", never below "
              + limits.minReplicas()
              + "; "
              + gone
              + " went, "
              + live
              + " are left",
          "wait for replacements");
    }
  }

  private boolean count(Findings findings, PodOwner owner, Pod pod, int live) {
    if ((remembered >= MOST_REMOVALS && !forgetOld()) || !history.note(key(owner), live)) {
      findings.refuse("too many removals are being remembered", "wait");
      return false;
    }
    removals
        .computeIfAbsent(owner, _ -> new ArrayDeque<>(2))
        .addLast(new Removal(pod.cluster(), pod.uid(), nanoTime.getAsLong(), 1));
    remembered++;
    return true;
  }

  private boolean concerns(ProtectionPolicy policy, Findings findings, Pod pod) {
    return policy.match().matches(GroupResource.PODS, pod.namespace(), pod.name(), pod.labels())
        && !policy.exempt().includes(findings.user());
  }

  private boolean isLive(PodOwner owner, Pod pod) {
    return !pod.terminating() && !pod.finished() && !isRemoved(owner, pod);
  }

  private boolean isRemoved(PodOwner owner, Pod pod) {
    ArrayDeque<Removal> row = removals.get(owner);
    return row != null && row.stream().anyMatch(removal -> removal.of(pod));
  }

  private int within(PodOwner owner, Duration window) {
    long now = nanoTime.getAsLong();
    ArrayDeque<Removal> row = removals.getOrDefault(owner, new ArrayDeque<>(0));
    return (int) row.stream().filter(removal -> now - removal.at < window.toNanos()).count();
  }

  private boolean forgetOld() {
    long now = nanoTime.getAsLong();
    List<PodOwner> empty = new ArrayList<>();
    removals.forEach((owner, row) -> {
      while (!row.isEmpty() && now - row.getFirst().at > PolicyParser.LONGEST_WINDOW.toNanos()) {
        row.removeFirst();
        remembered--;
      }
      if (row.isEmpty()) {
        empty.add(owner);
      }
    });
    empty.forEach(removals::remove);
    return remembered < MOST_REMOVALS;
  }

  private static ObjectKey key(PodOwner owner) {
    return new ObjectKey(
        "", new GroupResource(owner.kind(), "pods"), owner.namespace(), owner.name());
  }
}
