package io.multicluster.cache;

import io.multicluster.wire.resource.GroupResource;
import java.util.ArrayList;
import java.util.List;

/** Which indexes a kind has, and which number each of them has in a {@link Snapshot}. */
final class KindIndexes {
  private final List<Index.Definition> definitions;

  /**
   * @param labels keys by whose value objects are found
   */
  KindIndexes(CachedKind kind, List<String> labels) {
    List<Index.Definition> all = new ArrayList<>();
    all.add(Index.Definition.CLUSTER);
    all.add(Index.Definition.OWNER);
    GroupResource resource = kind.resource().groupResource();
    if (resource.equals(GroupResource.PODS)) {
      all.add(Index.Definition.NODE);
    } else if (resource.equals(GroupResource.EVENTS)) {
      all.add(Index.Definition.INVOLVED_UID);
      all.add(Index.Definition.INVOLVED_NAME);
    }
    labels.forEach(key -> all.add(Index.Definition.label(key)));
    this.definitions = List.copyOf(all);
  }

  List<Index.Definition> definitions() {
    return definitions;
  }

  /** The number of that index; -1 if the kind does not have it. */
  int number(String name) {
    for (int i = 0; i < definitions.size(); i++) {
      if (definitions.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  int cluster() {
    return number(Index.Definition.CLUSTER.name());
  }
}
