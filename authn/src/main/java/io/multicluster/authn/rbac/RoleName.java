package io.multicluster.authn.rbac;

/**
 * Names a role or a ClusterRole.
 *
 * @param namespace empty for a ClusterRole
 */
public record RoleName(String namespace, String name) {
  String kind() {
    return namespace.isEmpty() ? "ClusterRole" : "Role";
  }

  /** As kube-apiserver says that there is none. */
  String notFound() {
    return (namespace.isEmpty() ? "clusterrole" : "role")
        + ".rbac.authorization.k8s.io \""
        + name
        + "\" not found";
  }
}
