package io.multicluster.authn;

import java.util.Set;

/**
 * Where requests without credentials are answered as {@code system:anonymous}, who then still needs
 * permissions as everybody.
 *
 * @param paths exact, without an entry {@code /clusters/NAME}; empty means all paths
 */
public record AnonymousAccess(boolean enabled, Set<String> paths) {
  /** Nobody is anonymous. */
  public static final AnonymousAccess NONE = new AnonymousAccess(false, Set.of());

  /** What load balancers and kubelets ask to see whether the server lives. */
  public static final AnonymousAccess HEALTH =
      new AnonymousAccess(true, Set.of("/healthz", "/livez", "/readyz"));

  public AnonymousAccess {
    paths = Set.copyOf(paths);
  }

  boolean allows(String path) {
    return enabled && (paths.isEmpty() || paths.contains(path));
  }
}
