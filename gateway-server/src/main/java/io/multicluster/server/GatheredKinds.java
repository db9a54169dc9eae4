package io.multicluster.server;

import io.multicluster.server.discovery.ApiCatalog;
import io.multicluster.server.discovery.ApiCatalog.Group;
import io.multicluster.server.discovery.ApiCatalog.Kind;
import io.multicluster.server.discovery.ApiCatalog.Resource;
import io.multicluster.server.discovery.ApiCatalog.Version;
import io.multicluster.wire.resource.GroupResource;
import java.util.Collection;
import java.util.List;

/** The metrics API, as metrics-server offers it: what can be gathered. */
final class GatheredKinds {
  private static final String GROUP = "metrics.k8s.io";
  private static final String VERSION = "v1beta1";
  private static final List<Resource> KNOWN =
      List.of(resource("nodes", "NodeMetrics", false), resource("pods", "PodMetrics", true));

  private GatheredKinds() {}

  /**
   * What discovery says of them, since the control plane does not know.
   *
   * @throws IllegalArgumentException if one of them can't be gathered
   */
  static ApiCatalog of(Collection<GroupResource> resources) {
    for (GroupResource resource : resources) {
      if (KNOWN.stream().noneMatch(known -> named(known).equals(resource))) {
        throw new IllegalArgumentException(
            "resources.gathered: "
                + resource
                + " can't be gathered; these can: "
                + KNOWN.stream().map(GatheredKinds::named).toList());
      }
    }
    List<Resource> offered =
        KNOWN.stream().filter(known -> resources.contains(named(known))).toList();
    return offered.isEmpty()
        ? ApiCatalog.EMPTY
        : new ApiCatalog(List.of(new Group(GROUP, List.of(new Version(VERSION, offered, false)))));
  }

  private static GroupResource named(Resource resource) {
    return new GroupResource(GROUP, resource.plural());
  }

  private static Resource resource(String plural, String kind, boolean namespaced) {
    return new Resource(
        plural,
        plural.substring(0, plural.length() - 1),
        new Kind(GROUP, VERSION, kind),
        namespaced,
        List.of("get", "list"),
        List.of(),
        List.of(),
        List.of());
  }
}
