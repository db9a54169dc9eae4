package io.multicluster.authn.rbac;

import io.multicluster.authn.Attributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The rules of one role, found by resource. Immutable. */
final class CompiledRole {
  private static final String ALL = "*";

  private final List<PolicyRule> rules;
  private final Map<String, List<ResourceRule>> byResource;
  private final List<ResourceRule> forAnyResource;
  private final List<PathRule> paths;

  CompiledRole(List<PolicyRule> rules) {
    Map<String, List<ResourceRule>> found = new HashMap<>();
    List<PathRule> foundPaths = new ArrayList<>();
    for (PolicyRule rule : rules) {
      ResourceRule compiled = ResourceRule.of(rule);
      for (String resource : Set.copyOf(rule.resources())) {
        found.computeIfAbsent(resource, _ -> new ArrayList<>()).add(compiled);
      }
      if (!rule.nonResourceUrls().isEmpty()) {
        foundPaths.add(PathRule.of(rule));
      }
    }
    this.rules = List.copyOf(rules);
    this.forAnyResource = List.copyOf(found.getOrDefault(ALL, List.of()));
    found.replaceAll((_, each) -> List.copyOf(each));
    this.byResource = Map.copyOf(found);
    this.paths = List.copyOf(foundPaths);
  }

  List<PolicyRule> rules() {
    return rules;
  }

  /**
   * @param resource with subresource, {@code pods/log}
   * @param ofAnyResource {@code *}{@code /log}; null if no subresource is asked for
   */
  boolean allows(Attributes attributes, String resource, @Nullable String ofAnyResource) {
    if (!attributes.resourceRequest()) {
      for (PathRule rule : paths) {
        if (rule.allows(attributes)) {
          return true;
        }
      }
      return false;
    }
    return any(forAnyResource, attributes)
        || any(byResource.get(resource), attributes)
        || (ofAnyResource != null && any(byResource.get(ofAnyResource), attributes));
  }

  private static boolean any(@Nullable List<ResourceRule> rules, Attributes attributes) {
    if (rules == null) {
      return false;
    }
    for (int i = 0; i < rules.size(); i++) {
      if (rules.get(i).allows(attributes)) {
        return true;
      }
    }
    return false;
  }

  /** A set that may stand for everything. */
  private record Words(boolean all, Set<String> words) {
    static Words of(List<String> words) {
      return new Words(words.contains(ALL), Set.copyOf(words));
    }

    boolean contain(String word) {
      return all || words.contains(word);
    }
  }

  /** What a rule says once the resource has been found. */
  private record ResourceRule(Words verbs, Words groups, Set<String> names) {
    static ResourceRule of(PolicyRule rule) {
      return new ResourceRule(
          Words.of(rule.verbs()), Words.of(rule.apiGroups()), Set.copyOf(rule.resourceNames()));
    }

    boolean allows(Attributes attributes) {
      return verbs.contain(attributes.verb())
          && groups.contain(attributes.group())
          && (names.isEmpty() || names.contains(attributes.name()));
    }
  }

  /** A rule about paths that are no resources. */
  private record PathRule(Words verbs, Words exact, List<String> prefixes) {
    static PathRule of(PolicyRule rule) {
      return new PathRule(
          Words.of(rule.verbs()),
          Words.of(rule.nonResourceUrls()),
          rule.nonResourceUrls().stream()
              .filter(url -> url.endsWith(ALL))
              .map(url -> url.replaceFirst("\\*+$", ""))
              .toList());
    }

    boolean allows(Attributes attributes) {
      return verbs.contain(attributes.verb()) && matches(attributes.path());
    }

    private boolean matches(String path) {
      if (exact.contain(path)) {
        return true;
      }
      for (String prefix : prefixes) {
        if (path.startsWith(prefix)) {
          return true;
        }
      }
      return false;
    }
  }
}
