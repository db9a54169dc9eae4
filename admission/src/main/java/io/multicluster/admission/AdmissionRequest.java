package io.multicluster.admission;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.request.DeleteOptions;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import org.jspecify.annotations.Nullable;

/**
 * A request that may change something.
 *
 * @param user whom it is made as
 * @param body whole; empty if none
 * @param toPods whether it is about pods that live in members, and not about an object that {@code
 *     server} holds
 * @param server which holds the object; {@link ApiServer#NONE} where that is for others to find
 */
public record AdmissionRequest(
    RequestHead head,
    Query query,
    RequestInfo info,
    UserInfo user,
    byte[] body,
    boolean toPods,
    ApiServer server) {

  /** A Namespace object is in no namespace, although its requests name one. */
  String namespace() {
    return info.groupResource().equals(GroupResource.NAMESPACES) ? "" : info.namespace();
  }

  ObjectKey key() {
    return new ObjectKey(info.cluster(), info.groupResource(), namespace(), info.name());
  }

  /** The object's path, whatever subresource is asked for. */
  String objectPath() {
    return info.name().isEmpty()
        ? Reads.path(info.groupVersionResource(), namespace())
        : Reads.path(info.groupVersionResource(), namespace(), info.name());
  }

  String path() {
    return info.subresource().isEmpty() ? objectPath() : objectPath() + "/" + info.subresource();
  }

  boolean isDryRun() {
    return query.has("dryRun");
  }

  /**
   * Of a deletion.
   *
   * @throws ApiException if they can't be read
   */
  DeleteOptions deleteOptions() {
    return DeleteOptions.read(query, body);
  }

  /** The reason for breaking a rule that the request gives; empty if none. */
  String override() {
    return query.get(Rules.OVERRIDE);
  }

  String auditId() {
    String id = head.header("audit-id");
    return id == null ? "" : id;
  }

  @Nullable String contentType() {
    return head.header("content-type");
  }
}
