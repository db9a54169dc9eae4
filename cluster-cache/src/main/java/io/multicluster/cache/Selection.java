package io.multicluster.cache;

import java.util.Collections;
import java.util.SortedMap;

/** What the selectors of a request have selected, at one moment. */
public final class Selection {
  private final Snapshot snapshot;
  private final ObjectFilter filter;
  private final SortedMap<String, SelectedObjects> clusters;

  Selection(Snapshot snapshot, ObjectFilter filter, SortedMap<String, SelectedObjects> clusters) {
    this.snapshot = snapshot;
    this.filter = filter;
    this.clusters = Collections.unmodifiableSortedMap(clusters);
  }

  /** The clusters that have such objects, by name. */
  public SortedMap<String, SelectedObjects> clusters() {
    return clusters;
  }

  Snapshot snapshot() {
    return snapshot;
  }

  ObjectFilter filter() {
    return filter;
  }
}
