package io.multicluster.wire.request;

import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.resource.GroupVersionResource;

/**
 * The attributes of a request as kube-apiserver derives them from method, path and query.
 *
 * @param resourceRequest whether the path names a resource; if not, only {@code verb} and {@code
 *     path} mean something and the other strings are empty
 * @param verb get, list, watch, create, update, patch, delete, deletecollection, proxy; for
 *     non-resource requests the method in lower case; empty for unknown methods on resources
 * @param path decoded path, without query
 * @param cluster the member named by an entry {@code /clusters/NAME/…}, which is cut off {@code
 *     path}; empty for requests to the federation as a whole
 * @param apiPrefix {@code api} or {@code apis}
 * @param group empty for the core group
 * @param namespace empty for cluster-scoped and all-namespaces requests
 * @param resource plural
 * @param subresource empty if none
 * @param name empty if none; a list or watch whose field selector pins {@code metadata.name} has it
 * @param rest what follows the subresource {@code proxy}, still escaped, without leading slash
 */
public record RequestInfo(
    boolean resourceRequest,
    String verb,
    String path,
    String cluster,
    String apiPrefix,
    String group,
    String version,
    String namespace,
    String resource,
    String subresource,
    String name,
    String rest) {

  public GroupResource groupResource() {
    return new GroupResource(group, resource);
  }

  public GroupVersionResource groupVersionResource() {
    return new GroupVersionResource(group, version, resource);
  }

  /**
   * The name of the object. Below the subresource {@code proxy} a request may name scheme and port
   * as well: {@code web:8080}, {@code https:web:8443}.
   */
  public String objectName() {
    int first = name.indexOf(':');
    if (first < 0 || !subresource.equals("proxy")) {
      return name;
    }
    int second = name.indexOf(':', first + 1);
    return second < 0 ? name.substring(0, first) : name.substring(first + 1, second);
  }

  /** The same request to one member. */
  public RequestInfo inCluster(String name) {
    return new RequestInfo(
        resourceRequest,
        verb,
        path,
        name,
        apiPrefix,
        group,
        version,
        namespace,
        resource,
        subresource,
        this.name,
        rest);
  }

  /** Whether the verb can't change anything. */
  public boolean readOnly() {
    return switch (verb) {
      case "get", "list", "watch", "head", "options" -> true;
      default -> false;
    };
  }
}
