package io.multicluster.authn.rbac;

import java.util.List;

/**
 * A rule of a role, with Kubernetes' meaning: each list but {@code resourceNames} must hold what is
 * asked for, or {@code *}; an empty {@code resourceNames} means any name.
 *
 * @param resources {@code pods}, {@code pods/log}, {@code *}, or {@code *}{@code /scale} for one
 *     subresource of all
 * @param nonResourceUrls exact paths, prefixes that end with {@code *}, or {@code *}
 */
public record PolicyRule(
    List<String> verbs,
    List<String> apiGroups,
    List<String> resources,
    List<String> resourceNames,
    List<String> nonResourceUrls) {
  public PolicyRule {
    verbs = List.copyOf(verbs);
    apiGroups = List.copyOf(apiGroups);
    resources = List.copyOf(resources);
    resourceNames = List.copyOf(resourceNames);
    nonResourceUrls = List.copyOf(nonResourceUrls);
  }
}
