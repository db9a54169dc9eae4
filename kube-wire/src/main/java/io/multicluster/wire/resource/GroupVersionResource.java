package io.multicluster.wire.resource;

/**
 * @param group empty for the core group
 * @param version such as {@code v1}
 * @param resource plural, lower case, without subresource
 */
public record GroupVersionResource(String group, String version, String resource) {
  public GroupResource groupResource() {
    return new GroupResource(group, resource);
  }

  /** {@code v1}, {@code apps/v1}. */
  public String apiVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }

  /** {@code /api/v1} or {@code /apis/apps/v1}. */
  public String apiPath() {
    return group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version;
  }

  @Override
  public String toString() {
    return group.isEmpty() ? version + "/" + resource : apiVersion() + "/" + resource;
  }
}
