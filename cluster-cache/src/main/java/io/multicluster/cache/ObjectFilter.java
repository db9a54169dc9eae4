package io.multicluster.cache;

import io.multicluster.wire.proto.ClusterMark;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.selector.LabelSelector;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which objects a request is about.
 *
 * @param cluster the one member that the request is narrowed to; empty for all
 * @param namespace empty for all
 * @param fields in the stored spelling
 * @param copies null unless Events about a federated object are wanted
 */
record ObjectFilter(
    String cluster,
    String namespace,
    LabelSelector labels,
    FieldSelector fields,
    @Nullable Copies copies) {
  private static final String INVOLVED_UID = Index.Definition.INVOLVED_UID.name();

  /**
   * A federated object has copies in members, under UIDs of their own: Events of members are about
   * it if kind, namespace and name are the same.
   *
   * @param controlPlane the cluster whose Events must be about the UID too
   */
  record Copies(String controlPlane, String uid) {
    private boolean matches(CachedObject event) {
      return !event.cluster().equals(controlPlane) || event.get(INVOLVED_UID).equals(uid);
    }
  }

  ObjectFilter(String cluster, String namespace, LabelSelector labels, FieldSelector fields) {
    this(cluster, namespace, labels, fields, null);
  }

  /** What a list or watch asks for. */
  static ObjectFilter of(
      CacheOptions options,
      CachedKind kind,
      RequestInfo info,
      LabelSelector labels,
      FieldSelector fields) {
    String uid = fields.exactly(INVOLVED_UID);
    String involved = fields.exactly("involvedObject.kind");
    boolean narrow =
        !kind.equals(CachedKind.EVENTS)
            || options.controlPlane().isEmpty()
            || !info.cluster().isEmpty()
            || involved == null
            || fields.exactly(Index.Definition.INVOLVED_NAME.name()) == null
            || options.kinds().stream().anyMatch(cached -> cached.kind().equals(involved));
    return narrow || uid == null
        ? new ObjectFilter(info.cluster(), info.namespace(), labels, fields)
        : new ObjectFilter(
            "",
            info.namespace(),
            labels,
            fields.without(INVOLVED_UID),
            new Copies(options.controlPlane(), uid));
  }

  boolean matches(CachedObject object) {
    return (cluster.isEmpty() || object.cluster().equals(cluster))
        && (namespace.isEmpty() || object.inNamespace(namespace))
        && labels.matches(object.labels())
        && fields.matches(object)
        && (copies == null || copies.matches(object));
  }

  /** Whether everything in the namespaces and clusters asked for is wanted. */
  boolean selectsAll() {
    return labels.isEmpty() && fields.isEmpty();
  }

  /** The one namespace that objects can be in; empty if there may be several. */
  String onlyNamespace() {
    String field = fields.exactly("metadata.namespace");
    return namespace.isEmpty() && field != null ? field : namespace;
  }

  /** The one cluster that objects can be in; empty if there may be several. */
  String onlyCluster() {
    String label = onlyLabel(ClusterMark.LABEL);
    return cluster.isEmpty() && label != null ? label : cluster;
  }

  /** The one name that objects can have; null if there may be several. */
  @Nullable String onlyName() {
    return fields.exactly("metadata.name");
  }

  /**
   * The one value under which an index has all objects of this filter; null if there may be several
   * or if objects without a value can match.
   */
  @Nullable String onlyValue(Index.Definition index) {
    String value;
    if (index.equals(Index.Definition.CLUSTER)) {
      value = onlyCluster();
    } else if (index.labelKey() != null) {
      value = onlyLabel(index.labelKey());
    } else {
      value = fields.exactly(index.name());
    }
    return value == null || value.isEmpty() ? null : value;
  }

  private @Nullable String onlyLabel(String key) {
    List<String> values = labels.valuesOf(key);
    return values == null || values.size() != 1 ? null : values.getFirst();
  }
}
