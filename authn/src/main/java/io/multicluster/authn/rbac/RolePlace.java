package io.multicluster.authn.rbac;

import org.jspecify.annotations.Nullable;

/** Where bindings find their role, which may come later, change, or go. */
final class RolePlace {
  final RoleName name;

  /** Null while there is no such role. */
  volatile @Nullable CompiledRole role;

  /** How many bindings point here; guarded by the policy's lock. */
  int bindings;

  RolePlace(RoleName name) {
    this.name = name;
  }
}
