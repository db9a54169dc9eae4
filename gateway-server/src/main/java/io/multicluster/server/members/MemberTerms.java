package io.multicluster.server.members;

import io.multicluster.cache.ClusterCache;
import io.multicluster.wire.proto.ClusterMark;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status.Cause;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How what a client says about one object is said in the object's member. One per request; not
 * thread-safe.
 */
final class MemberTerms {
  private final ClusterCache cache;
  private final RequestInfo info;
  private final Map<String, String> translated = new HashMap<>(2);

  /** Null until a label has said where a new object is to be. */
  private @Nullable String cluster;

  /** What the precondition of a deletion, and not the state of an update, is called. */
  private final boolean deletion;

  /**
   * @param info what the request is about
   * @param cluster the member; empty if the body is to say it, as that of an object to be created
   */
  MemberTerms(ClusterCache cache, RequestInfo info, String cluster) {
    this.cache = cache;
    this.info = info;
    this.cluster = cluster.isEmpty() ? null : cluster;
    this.deletion = info.verb().equals("delete") || info.subresource().equals("eviction");
  }

  /** The member; empty if neither path nor body has named it. */
  String cluster() {
    return cluster == null ? "" : cluster;
  }

  /**
   * The member's resourceVersion of the state that the client means.
   *
   * @throws ApiException 409 if the object is in another state by now
   */
  String resourceVersion(String ours) {
    if (info.name().isEmpty() || cluster == null || !isNumber(ours)) {
      // Not a precondition, or none that could be ours: the member says what it thinks of it.
      return ours;
    }
    String known = translated.get(ours);
    if (known != null) {
      return known;
    }
    OptionalLong member =
        ours.length() > 19
            ? OptionalLong.empty()
            : cache.memberVersion(
                info.groupVersionResource(),
                cluster,
                info.namespace(),
                info.name(),
                Long.parseUnsignedLong(ours));
    if (member.isEmpty()) {
      throw otherState(ours);
    }
    String theirs = Long.toString(member.getAsLong());
    translated.put(ours, theirs);
    return theirs;
  }

  /** Whether the client means the present state: as {@link #resourceVersion}, without a throw. */
  @Nullable String resourceVersionIfCurrent(String ours) {
    try {
      return resourceVersion(ours);
    } catch (ApiException e) {
      return null;
    }
  }

  /**
   * Sees the label that shows the cluster, with the value that the client gives it.
   *
   * @throws ApiException 422 if that is another cluster
   */
  void label(String value) {
    if (cluster == null) {
      cluster = value;
    } else if (!cluster.equals(value)) {
      throw invalidLabel(
          "FieldValueInvalid",
          "Invalid value: \""
              + value
              + "\": the label shows the cluster in which the object is, "
              + cluster
              + ", and can't be changed");
    }
  }

  /** Nothing says where an object is to be created. */
  ApiException noCluster() {
    return invalidLabel(
        "FieldValueRequired",
        "Required value: says in which cluster to create it; or use the API below"
            + " /clusters/NAME");
  }

  /** The cluster named does not exist. */
  ApiException unknownCluster(String name) {
    return invalidLabel(
        "FieldValueInvalid", "Invalid value: \"" + name + "\": there is no such cluster");
  }

  /** A message of the member, with the client's resourceVersions in place of its own. */
  String message(String theirs) {
    String message = theirs;
    for (Map.Entry<String, String> entry : translated.entrySet()) {
      message = message.replace("(" + entry.getValue() + ")", "(" + entry.getKey() + ")");
    }
    return message;
  }

  private ApiException invalidLabel(String reason, String message) {
    return ApiException.invalid(
        info.group(),
        cache.kind(info.groupVersionResource()).kind(),
        info.name(),
        List.of(new Cause(reason, message, "metadata.labels[" + ClusterMark.LABEL + "]")));
  }

  private ApiException otherState(String ours) {
    if (!deletion) {
      return ApiException.conflict(
          info.groupResource(),
          info.name(),
          "the object has been modified; please apply your changes to the latest version and try"
              + " again");
    }
    String present = present();
    return present == null
        ? ApiException.notFound(info.groupResource(), info.name())
        : ApiException.conflict(
            new GroupResource(info.group(), cache.kind(info.groupVersionResource()).kind()),
            info.name(),
            "the ResourceVersion in the precondition ("
                + ours
                + ") does not match the ResourceVersion in record ("
                + present
                + "). The object might have been modified");
  }

  private @Nullable String present() {
    byte[] json = cache.json(info.groupVersionResource(), cluster(), info.namespace(), info.name());
    return json == null
        ? null
        : Json.ofCache(json).path("metadata").path("resourceVersion").asText();
  }

  /** Zero and nothing mean any state. */
  private static boolean isNumber(String text) {
    return !text.isEmpty() && !text.equals("0") && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }
}
