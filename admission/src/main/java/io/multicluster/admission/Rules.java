package io.multicluster.admission;

import io.multicluster.admission.ProtectionPolicy.DeleteMode;
import io.multicluster.admission.ProtectionPolicy.ScaleDown;
import io.multicluster.wire.resource.GroupResource;
import java.time.Duration;
import java.util.List;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Judges one change of one object. Asks nobody: what it needs of other objects is handed in.
 *
 * <p>A policy concerns a change if it matches the object before or after it, so a change can't take
 * an object out of a policy and break the policy at once; nor can it take the object out at all.
 */
final class Rules {
  /** OpenKruise's label: {@code Always} or {@code Cascading}. */
  static final String KRUISE_LABEL = "policy.kruise.io/delete-protection";

  /** Karmada's label: {@code Always}. */
  static final String KARMADA_LABEL = "resourcetemplate.karmada.io/deletion-protected";

  static final String SCALING_MODE = "multicluster.io/scaling-mode";

  /** Annotation of an object and parameter of a request: why a rule may be broken this once. */
  static final String OVERRIDE = "multicluster.io/override";

  private final List<ProtectionPolicy> policies;
  private final AdmissionSettings settings;
  private final ReplicaHistory history;

  Rules(List<ProtectionPolicy> policies, AdmissionSettings settings, ReplicaHistory history) {
    this.policies = policies;
    this.settings = settings;
    this.history = history;
  }

  List<ProtectionPolicy> policies() {
    return policies;
  }

  @Nullable ReplicaPath replicaPath(GroupResource resource) {
    return ReplicaPath.of(settings.replicaPaths(), resource);
  }

  /** Whether any rule could have something to say about changes of an object. */
  boolean concern(ObjectKey key, KubeObject object) {
    return object.label(KRUISE_LABEL) != null
        || object.label(KARMADA_LABEL) != null
        || object.annotation(SCALING_MODE) != null
        || policies.stream().anyMatch(policy -> matches(policy, key, object))
        || limitAutoscaler(key);
  }

  /** Whether an object moves the replicas of others, and some policy limits how they fall. */
  boolean limitAutoscaler(ObjectKey key) {
    ReplicaPath path = replicaPath(key.resource());
    return path != null
        && path.scaler()
        && policies.stream().anyMatch(policy -> policy.scaleDown() != null);
  }

  /** Whether a policy limits the replicas of an object that has yet to come. */
  boolean limitCreation(ObjectKey key) {
    return policies.stream()
        .anyMatch(policy ->
            policy.scaleDown() != null
                && policy.match().covers(key.resource())
                && (key.name().isEmpty()
                    || policy.match().coversName(key.resource(), key.namespace(), key.name())));
  }

  /** Judges an update; deletion in its disguises is judged by {@link #deletion}. */
  void update(Findings findings, ObjectKey key, KubeObject before, KubeObject after) {
    scalingMode(findings, key, before, after);
    for (ProtectionPolicy policy : policies) {
      if (matches(policy, key, before)
          && !matches(policy, key, after)
          && !policy.exempt().includes(findings.user())) {
        findings.add(
            policy,
            "would no longer apply with these labels (it selects " + policy.match().labels() + ")",
            "keep the labels");
      }
    }
    ReplicaPath path = replicaPath(key.resource());
    if (path != null) {
      fall(findings, key, before, after, path.replicas(before), path.remaining(before, after));
    }
  }

  /**
   * Judges a fall of replicas, whosever change brings it about.
   *
   * @param key whose replicas they are
   * @param before the object that they belong to
   * @param after the same object after the change, or {@code before} if it stays as it is
   */
  void fall(
      Findings findings, ObjectKey key, KubeObject before, KubeObject after, int had, int remain) {
    if (remain >= had) {
      return;
    }
    for (ProtectionPolicy policy : policies) {
      if (matches(policy, key, before) || matches(policy, key, after)) {
        fall(findings, policy, key, had, remain);
      }
    }
  }

  private void fall(
      Findings findings, ProtectionPolicy policy, ObjectKey key, int had, int remain) {
    ScaleDown limits = policy.scaleDown();
    if (limits == null || policy.exempt().includes(findings.user())) {
      return;
    }
    int highest = history.highest(key, limits.window(), had);
    int lowest = Math.min(had, limits.lowest(highest));
    if (remain < lowest) {
      findings.add(
          policy,
          "allows no fewer than "
              + lowest
              + " replicas now ("
              + limit(limits, highest)
              + "), "
              + remain
              + " would be left of "
              + had,
          limits.window().isZero() ? "take smaller steps" : "take smaller steps, or wait");
    }
  }

  /** Judges an object that comes where one may have been shortly before. */
  void creation(Findings findings, ObjectKey key, KubeObject created) {
    ReplicaPath path = replicaPath(key.resource());
    if (path == null) {
      return;
    }
    for (ProtectionPolicy policy : policies) {
      if (policy.scaleDown() != null && matches(policy, key, created)) {
        int had = history.highest(key, policy.scaleDown().window(), 0);
        if (path.replicas(created) < had) {
          fall(findings, policy, key, had, path.replicas(created));
        }
      }
    }
  }

  /**
   * Judges a deletion.
   *
   * @param contents how much is in the object that would go with it: a workload's replicas are
   *     known here, this is asked for namespaces and CRDs
   */
  void deletion(Findings findings, ObjectKey key, KubeObject object, IntSupplier contents) {
    IntSupplier inside = inside(key, object, contents);
    String label = object.label(KRUISE_LABEL);
    if (DeleteMode.ALWAYS.toString().equals(label)) {
      findings.refuse(KRUISE_LABEL + "=Always protects it from deletion", "remove the label first");
    } else if (DeleteMode.CASCADING.toString().equals(label) && inside.getAsInt() > 0) {
      findings.refuse(
          KRUISE_LABEL + "=Cascading protects it from deletion while it has " + what(key, inside),
          "remove those or the label first");
    }
    if (DeleteMode.ALWAYS.toString().equals(object.label(KARMADA_LABEL))) {
      findings.refuse(
          KARMADA_LABEL + "=Always protects it from deletion", "remove the label first");
    }
    for (ProtectionPolicy policy : policies) {
      if (matches(policy, key, object) && !policy.exempt().includes(findings.user())) {
        deletion(findings, policy, key, object, inside);
      }
    }
  }

  private void deletion(
      Findings findings,
      ProtectionPolicy policy,
      ObjectKey key,
      KubeObject object,
      IntSupplier inside) {
    if (policy.delete() == DeleteMode.ALWAYS) {
      findings.add(policy, "protects it from deletion (Always)", "change the policy");
    } else if (policy.delete() == DeleteMode.CASCADING && inside.getAsInt() > 0) {
      findings.add(
          policy,
          "protects it from deletion while it has " + what(key, inside) + " (Cascading)",
          "remove those first");
    }
    ScaleDown limits = policy.scaleDown();
    ReplicaPath path = replicaPath(key.resource());
    if (limits != null && path != null && !path.scaler()) {
      int highest = history.highest(key, limits.window(), path.replicas(object));
      if (highest > limits.minReplicas()) {
        findings.add(
            policy,
            "allows its deletion only after it was scaled down to "
                + limits.minReplicas()
                + " replicas"
                + (limits.window().isZero() ? "" : " for " + text(limits.window()))
                + ", it has or had "
                + highest,
            "scale it down in steps first");
      }
    }
  }

  private IntSupplier inside(ObjectKey key, KubeObject object, IntSupplier contents) {
    ReplicaPath path = replicaPath(key.resource());
    return path == null || path.scaler() ? contents : () -> path.replicas(object);
  }

  private static String what(ObjectKey key, IntSupplier inside) {
    return inside.getAsInt()
        + switch (key.resource().resource()) {
          case "namespaces" -> " pods";
          case "customresourcedefinitions" -> " objects";
          default -> " replicas";
        };
  }

  private void scalingMode(Findings findings, ObjectKey key, KubeObject before, KubeObject after) {
    String mode = before.annotation(SCALING_MODE);
    if (mode == null || before.spec().equals(after.spec())) {
      return;
    }
    boolean autoscaler = settings.isAutoscaler(findings.user());
    boolean scaled = scaled(key, before, after);
    boolean refused =
        switch (mode) {
          case "Manual" -> autoscaler && scaled;
          case "Auto" -> !autoscaler;
          case "None" -> !autoscaler || scaled;
          default -> false;
        };
    if (refused) {
      String text = SCALING_MODE + ": " + mode;
      if (autoscaler) {
        text += " lets no autoscaler change the replicas";
      } else {
        text +=
            " lets nobody" + (mode.equals("Auto") ? " but autoscalers" : "") + " change the spec";
      }
      findings.refuse(text, "change the annotation first");
    }
  }

  private boolean scaled(ObjectKey key, KubeObject before, KubeObject after) {
    ReplicaPath path = replicaPath(key.resource());
    return path != null
        && (path.replicas(before) != path.replicas(after)
            || path.remaining(before, after) != path.replicas(after));
  }

  private static boolean matches(ProtectionPolicy policy, ObjectKey key, KubeObject object) {
    return policy
        .match()
        .matches(
            key.resource(),
            key.resource().equals(GroupResource.NAMESPACES) ? key.name() : key.namespace(),
            key.name(),
            object.labels());
  }

  private static String limit(ScaleDown limits, int highest) {
    StringBuilder text = new StringBuilder("at most ");
    if (limits.maxPercent() < 100) {
      text.append(limits.maxPercent()).append("% ");
    }
    if (limits.maxPercent() < 100 && limits.maxCount() < Integer.MAX_VALUE) {
      text.append("and ");
    }
    if (limits.maxCount() < Integer.MAX_VALUE) {
      text.append(limits.maxCount()).append(' ');
    }
    if (limits.maxPercent() == 100 && limits.maxCount() == Integer.MAX_VALUE) {
      return "never below " + limits.minReplicas();
    }
    text.append("of ").append(highest);
    if (!limits.window().isZero()) {
      text.append(" within ").append(text(limits.window()));
    }
    return text.append(" may go, never below ").append(limits.minReplicas()).toString();
  }

  /** As policies write it: {@code 1h30m}. */
  static String text(Duration window) {
    String hours = window.toHours() == 0 ? "" : window.toHours() + "h";
    String minutes = window.toMinutesPart() == 0 ? "" : window.toMinutesPart() + "m";
    String seconds = window.toSecondsPart() == 0 ? "" : window.toSecondsPart() + "s";
    return hours + minutes + seconds;
  }
}
