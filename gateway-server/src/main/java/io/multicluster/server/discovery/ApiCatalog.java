package io.multicluster.server.discovery;

import io.multicluster.wire.resource.GroupResource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * All kinds of an API server, immutable. Groups stand in order of priority, versions in order of
 * preference; the core group's name is empty.
 */
public record ApiCatalog(List<Group> groups) {
  public static final ApiCatalog EMPTY = new ApiCatalog(List.of());

  public ApiCatalog {
    groups = List.copyOf(groups);
  }

  /** An API group with at least one version. */
  public record Group(String name, List<Version> versions) {
    public Group {
      versions = List.copyOf(versions);
    }
  }

  /**
   * A version of a group.
   *
   * @param stale whether the server behind it was not reachable when its resources were read
   */
  public record Version(String name, List<Resource> resources, boolean stale) {
    public Version {
      resources = List.copyOf(resources);
    }

    @Nullable Resource resource(String plural) {
      for (Resource resource : resources) {
        if (resource.plural().equals(plural)) {
          return resource;
        }
      }
      return null;
    }
  }

  /** Group, version and kind of an answer; the group of core kinds is empty. */
  public record Kind(String group, String version, String kind) {}

  /** A resource with its subresources; {@code singular} and lists may be empty. */
  public record Resource(
      String plural,
      String singular,
      Kind kind,
      boolean namespaced,
      List<String> verbs,
      List<String> shortNames,
      List<String> categories,
      List<Subresource> subresources) {
    public Resource {
      verbs = List.copyOf(verbs);
      shortNames = List.copyOf(shortNames);
      categories = List.copyOf(categories);
      subresources = List.copyOf(subresources);
    }
  }

  /**
   * A subresource.
   *
   * @param kind what it answers with; null if the server does not say
   */
  public record Subresource(String name, @Nullable Kind kind, List<String> verbs) {
    public Subresource {
      verbs = List.copyOf(verbs);
    }
  }

  /** The resource, or null where this catalog has none of that name in that version. */
  public @Nullable Resource find(String group, String version, String plural) {
    for (Group candidate : groups) {
      if (candidate.name().equals(group)) {
        for (Version v : candidate.versions()) {
          if (v.name().equals(version)) {
            return v.resource(plural);
          }
        }
      }
    }
    return null;
  }

  /** Keeps the resources that pass; versions and groups that become empty go too. */
  ApiCatalog filter(BiPredicate<String, Resource> offered) {
    return map((group, version) ->
        new Version(
            version.name(),
            version.resources().stream().filter(r -> offered.test(group, r)).toList(),
            version.stale()));
  }

  /**
   * Adds what {@code other} has and this lacks: for a resource of the same group and version, ours
   * stays.
   */
  ApiCatalog plus(ApiCatalog other) {
    Map<String, Group> theirs = new HashMap<>();
    other.groups.forEach(g -> theirs.put(g.name(), g));
    List<Group> merged = new ArrayList<>();
    for (Group ours : groups) {
      Group more = theirs.remove(ours.name());
      merged.add(more == null ? ours : merge(ours, more));
    }
    for (Group group : other.groups) {
      if (theirs.containsKey(group.name())) {
        merged.add(group.name().isEmpty() ? 0 : merged.size(), group);
      }
    }
    return new ApiCatalog(merged);
  }

  private static Group merge(Group ours, Group theirs) {
    List<Version> versions = new ArrayList<>(ours.versions());
    for (Version more : theirs.versions()) {
      int index = indexOf(versions, more.name());
      if (index < 0) {
        versions.add(more);
      } else {
        versions.set(index, union(versions.get(index), more));
      }
    }
    return new Group(ours.name(), versions);
  }

  private static Version union(Version ours, Version theirs) {
    List<Resource> resources = new ArrayList<>(ours.resources());
    for (Resource more : theirs.resources()) {
      if (ours.resource(more.plural()) == null) {
        resources.add(more);
      }
    }
    return new Version(ours.name(), resources, ours.stale());
  }

  private static int indexOf(List<Version> versions, String name) {
    for (int i = 0; i < versions.size(); i++) {
      if (versions.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  private interface VersionMapper {
    Version apply(String group, Version version);
  }

  private ApiCatalog map(VersionMapper mapper) {
    List<Group> kept = new ArrayList<>();
    for (Group group : groups) {
      List<Version> versions = new ArrayList<>();
      for (Version version : group.versions()) {
        Version mapped = mapper.apply(group.name(), version);
        if (!mapped.resources().isEmpty()) {
          versions.add(mapped);
        }
      }
      if (!versions.isEmpty()) {
        kept.add(new Group(group.name(), versions));
      }
    }
    return new ApiCatalog(kept);
  }

  static GroupResource groupResource(String group, Resource resource) {
    return new GroupResource(group, resource.plural());
  }
}
