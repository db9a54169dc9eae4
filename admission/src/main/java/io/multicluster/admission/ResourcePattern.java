package io.multicluster.admission;

import io.multicluster.wire.resource.GroupResource;

/**
 * Resources by group and plural: {@code pods}, {@code deployments.apps}, {@code *.apps} (all of a
 * group), {@code workloadscalers.*} (of any group) or {@code *}.
 */
public record ResourcePattern(String resource, String group) {
  private static final String ANY = "*";

  public static ResourcePattern parse(String text) {
    if (text.equals(ANY)) {
      return new ResourcePattern(ANY, ANY);
    }
    GroupResource parts = GroupResource.parse(text);
    return new ResourcePattern(parts.resource(), parts.group());
  }

  public boolean matches(GroupResource candidate) {
    return (resource.equals(ANY) || resource.equals(candidate.resource()))
        && (group.equals(ANY) || group.equals(candidate.group()));
  }
}
