package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a cluster serves: the built-in kinds and those of its CustomResourceDefinitions. */
final class Catalog {
  private record Key(String group, String version, String plural) {}

  private final Map<String, List<ResourceType>> custom = new ConcurrentHashMap<>();
  private final Map<Key, ResourceType> byKey = new ConcurrentHashMap<>();

  Catalog() {
    BuiltInTypes.ALL.forEach(this::index);
  }

  private void index(ResourceType type) {
    byKey.put(new Key(type.group(), type.version(), type.plural()), type);
  }

  @Nullable ResourceType find(String group, String version, String plural) {
    return byKey.get(new Key(group, version, plural));
  }

  /** The type that stored objects of a type have; the type itself if that one is not served. */
  ResourceType storageType(ResourceType type) {
    return all()
        .filter(t -> t.groupResource().equals(type.storage()))
        .filter(t -> t.custom() == null || t.custom().storageVersion().equals(t.version()))
        .findFirst()
        .orElse(type);
  }

  /** Called with each state of a definition. */
  void define(ObjectNode definition) {
    forget(definition);
    List<ResourceType> types = CustomVersion.types(definition);
    custom.put(Json.string(definition, "metadata", "name"), types);
    types.forEach(this::index);
  }

  void forget(ObjectNode definition) {
    List<ResourceType> old = custom.remove(Json.string(definition, "metadata", "name"));
    if (old != null) {
      old.forEach(t -> byKey.remove(new Key(t.group(), t.version(), t.plural())));
    }
  }

  /** Built-in kinds first, custom ones by name. */
  Stream<ResourceType> all() {
    return Stream.concat(
        BuiltInTypes.ALL.stream(), new TreeMap<>(custom).values().stream().flatMap(List::stream));
  }

  /** Groups in the order of discovery, each with its versions, preferred first. */
  Map<String, List<String>> groups() {
    Map<String, List<String>> groups = new java.util.LinkedHashMap<>();
    all()
        .forEach(type -> {
          List<String> versions = groups.computeIfAbsent(type.group(), g -> new ArrayList<>());
          if (!versions.contains(type.version())) {
            versions.add(type.version());
            versions.sort(Catalog::byStability);
          }
        });
    return groups;
  }

  /** v2 before v1 before v1beta1 before v1alpha1, as kube-apiserver prefers versions. */
  private static int byStability(String a, String b) {
    int stability = Integer.compare(rank(a), rank(b));
    return stability != 0 ? stability : b.compareTo(a);
  }

  private static int rank(String version) {
    return version.contains("alpha") ? 2 : version.contains("beta") ? 1 : 0;
  }
}
