package io.multicluster.authn.rbac;

import java.util.List;

/**
 * A RoleBinding or ClusterRoleBinding.
 *
 * @param namespace empty for a ClusterRoleBinding
 * @param role a Role only in the binding's own namespace
 */
public record Binding(String namespace, String name, RoleName role, List<Subject> subjects) {
  public Binding {
    subjects = List.copyOf(subjects);
  }

  /** Names a binding. */
  public record Name(String namespace, String name) {}

  /**
   * Who gets the role.
   *
   * @param kind {@code User}, {@code Group} or {@code ServiceAccount}; others match nobody
   * @param namespace of a service account; empty: the binding's
   */
  public record Subject(String kind, String namespace, String name) {}

  Name key() {
    return new Name(namespace, name);
  }
}
