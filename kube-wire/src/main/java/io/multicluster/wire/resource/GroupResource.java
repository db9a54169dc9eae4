package io.multicluster.wire.resource;

/**
 * A resource in any version, such as {@code deployments.apps}.
 *
 * @param group empty for the core group
 * @param resource plural, lower case, without subresource
 */
public record GroupResource(String group, String resource) {
  public static final GroupResource PODS = new GroupResource("", "pods");
  public static final GroupResource EVENTS = new GroupResource("", "events");
  public static final GroupResource EVENTS_K8S_IO = new GroupResource("events.k8s.io", "events");
  public static final GroupResource NAMESPACES = new GroupResource("", "namespaces");

  /** Reads {@code pods} or {@code deployments.apps}: what follows the first dot is the group. */
  public static GroupResource parse(String text) {
    int dot = text.indexOf('.');
    return dot < 0
        ? new GroupResource("", text)
        : new GroupResource(text.substring(dot + 1), text.substring(0, dot));
  }

  /** As kube-apiserver writes it in messages: {@code pods}, {@code deployments.apps}. */
  @Override
  public String toString() {
    return group.isEmpty() ? resource : resource + "." + group;
  }
}
