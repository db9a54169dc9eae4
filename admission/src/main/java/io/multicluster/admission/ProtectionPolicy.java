package io.multicluster.admission;

import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.selector.LabelSet;
import io.multicluster.wire.user.UserInfo;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One rule about what may not be taken away: the form that {@link PolicyParser} reads from {@code
 * policy.multicluster.io/v1alpha1 ProtectionPolicy}.
 *
 * @param delete null if deletion is none of its business
 * @param scaleDown null if replicas are none of its business
 */
public record ProtectionPolicy(
    String name,
    Match match,
    @Nullable DeleteMode delete,
    @Nullable ScaleDown scaleDown,
    Exempt exempt,
    Action action) {

  /** When a deletion is refused. */
  public enum DeleteMode {
    ALWAYS("Always"),
    /** While the object has replicas, a namespace has pods, a CRD has objects. */
    CASCADING("Cascading");

    private final String text;

    DeleteMode(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** What happens to a change that breaks the policy. */
  public enum Action {
    DENY,
    /** Happens, with a warning to the client. */
    WARN,
    /** Happens, and is recorded. */
    AUDIT
  }

  /**
   * What is protected; all conditions must hold.
   *
   * @param namespaces patterns; empty for all, cluster-scoped objects included. A Namespace object
   *     is taken as standing in itself
   * @param names patterns; empty for all
   */
  public record Match(
      List<ResourcePattern> resources,
      List<String> namespaces,
      List<String> names,
      LabelSelector labels) {
    public Match {
      resources = List.copyOf(resources);
      namespaces = List.copyOf(namespaces);
      names = List.copyOf(names);
    }

    /** Whether objects of a kind can match at all. */
    boolean covers(GroupResource resource) {
      for (ResourcePattern pattern : resources) {
        if (pattern.matches(resource)) {
          return true;
        }
      }
      return false;
    }

    /** Whether an object could match for all that does not change while it lives. */
    boolean coversName(GroupResource resource, String namespace, String name) {
      return covers(resource) && anyOf(namespaces, namespace) && anyOf(names, name);
    }

    boolean matches(GroupResource resource, String namespace, String name, LabelSet labelSet) {
      return coversName(resource, namespace, name) && labels.matches(labelSet);
    }

    private static boolean anyOf(List<String> patterns, String text) {
      if (patterns.isEmpty()) {
        return true;
      }
      for (String pattern : patterns) {
        if (new Glob(pattern).matches(text)) {
          return true;
        }
      }
      return false;
    }
  }

  /**
   * How far replicas may fall.
   *
   * @param maxPercent greatest share that may go, 0 to 100, of the highest count in the window;
   *     rounded down to whole replicas
   * @param maxCount greatest number that may go
   * @param minReplicas never fewer than this; 1 if not said otherwise, so nothing falls to zero
   * @param window for how long a count is remembered; zero: each change is judged alone
   */
  public record ScaleDown(int maxPercent, int maxCount, int minReplicas, Duration window) {

    /** How many of {@code highest} replicas may go. */
    int mayGo(int highest) {
      return (int) Math.min(maxCount, (long) highest * maxPercent / 100);
    }

    /** The fewest replicas that something may have which had {@code highest} in the window. */
    int lowest(int highest) {
      return Math.max(minReplicas, highest - mayGo(highest));
    }
  }

  /** Whom a policy does not concern. */
  public record Exempt(Set<String> users, Set<String> groups) {
    public static final Exempt NOBODY = new Exempt(Set.of(), Set.of());

    public Exempt {
      users = Set.copyOf(users);
      groups = Set.copyOf(groups);
    }

    public boolean includes(UserInfo user) {
      return users.contains(user.name()) || user.groups().stream().anyMatch(groups::contains);
    }
  }
}
