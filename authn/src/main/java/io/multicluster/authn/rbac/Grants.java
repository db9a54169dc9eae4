package io.multicluster.authn.rbac;

import io.multicluster.authn.rbac.Binding.Subject;
import io.multicluster.wire.user.UserInfo;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Who was given what, by subject and scope: a namespace, or empty for the whole cluster. Any thread
 * may read; one at a time may write.
 */
final class Grants {
  private static final String ACCOUNT_PREFIX = "system:serviceaccount:";

  /** By user name or group, then by scope. */
  private final ConcurrentMap<String, ConcurrentMap<String, Grant[]>> users =
      new ConcurrentHashMap<>();

  private final ConcurrentMap<String, ConcurrentMap<String, Grant[]>> groups =
      new ConcurrentHashMap<>();

  /** Looks at grants until one is enough. */
  @FunctionalInterface
  interface Visitor {
    boolean enough(Grant grant);
  }

  /** Shows the grants that a user has in a scope; whether one of them was enough. */
  boolean visit(UserInfo user, String scope, Visitor visitor) {
    if (visit(users.get(user.name()), scope, visitor)) {
      return true;
    }
    List<String> memberships = user.groups();
    for (int i = 0; i < memberships.size(); i++) {
      if (visit(groups.get(memberships.get(i)), scope, visitor)) {
        return true;
      }
    }
    return false;
  }

  private static boolean visit(
      @Nullable ConcurrentMap<String, Grant[]> byScope, String scope, Visitor visitor) {
    Grant[] grants = byScope == null ? null : byScope.get(scope);
    if (grants != null) {
      for (Grant grant : grants) {
        if (visitor.enough(grant)) {
          return true;
        }
      }
    }
    return false;
  }

  void enter(Binding binding, RolePlace place) {
    Set<Holder> entered = new HashSet<>();
    for (Subject subject : binding.subjects()) {
      Holder holder = Holder.of(subject, binding);
      if (holder != null && entered.add(holder)) {
        Grant grant = new Grant(binding, subject, place);
        map(holder.kind)
            .computeIfAbsent(holder.name, _ -> new ConcurrentHashMap<>())
            .merge(binding.namespace(), new Grant[] {grant}, (all, _) -> with(all, grant));
      }
    }
  }

  void withdraw(Binding binding) {
    for (Subject subject : binding.subjects()) {
      Holder holder = Holder.of(subject, binding);
      if (holder != null) {
        map(holder.kind).computeIfPresent(holder.name, (_, byScope) -> without(byScope, binding));
      }
    }
  }

  private static Grant[] with(Grant[] all, Grant more) {
    Grant[] result = Arrays.copyOf(all, all.length + 1);
    result[all.length] = more;
    return result;
  }

  private static @Nullable ConcurrentMap<String, Grant[]> without(
      ConcurrentMap<String, Grant[]> byScope, Binding binding) {
    byScope.computeIfPresent(
        binding.namespace(),
        (_, all) -> {
          Grant[] left =
              Arrays.stream(all)
                  .filter(grant -> !grant.binding.equals(binding))
                  .toArray(Grant[]::new);
          return left.length == 0 ? null : left;
        });
    return byScope.isEmpty() ? null : byScope;
  }

  private ConcurrentMap<String, ConcurrentMap<String, Grant[]>> map(Kind kind) {
    return switch (kind) {
      case USER -> users;
      case GROUP -> groups;
    };
  }

  private enum Kind {
    USER,
    GROUP
  }

  /** A subject as users have it: service accounts are users. */
  private record Holder(Kind kind, String name) {
    /** Null for a subject that nobody can be. */
    static @Nullable Holder of(Subject subject, Binding binding) {
      return switch (subject.kind()) {
        case "User" -> new Holder(Kind.USER, subject.name());
        case "Group" -> new Holder(Kind.GROUP, subject.name());
        case "ServiceAccount" -> {
          String namespace =
              subject.namespace().isEmpty() ? binding.namespace() : subject.namespace();
          yield namespace.isEmpty()
              ? null
              : new Holder(Kind.USER, ACCOUNT_PREFIX + namespace + ":" + subject.name());
        }
        default -> null;
      };
    }
  }
}
