package io.multicluster.admission;

import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

/**
 * The way of one change: read, compute, judge, write. Safe for use by any number of virtual
 * threads; blocks.
 *
 * <p>What was judged is what happens: the write carries the resourceVersion of the judged state as
 * its precondition, and when another writer was faster all begins anew, unless it was the client
 * who insisted on a state. Changes that no rule concerns go on untouched after one read. Whatever
 * keeps a change from being judged refuses it.
 */
public final class Admission {
  private static final GroupResource CLUSTERS = new GroupResource("cluster.karmada.io", "clusters");

  /**
   * What a path must be as a whole, still escaped, to be a stream of a pod: who only looks at its
   * end takes the deletion of a pod of that name for one, or a path that is another once it is
   * cleaned.
   */
  private static final Pattern STREAM =
      Pattern.compile(
          "api/v1/namespaces/NAME/pods/NAME/(exec|attach|portforward)"
              .replace("NAME", "[a-z0-9][a-z0-9.-]*"));

  private final Protection protection;

  public Admission(PolicySource source, MemberPods pods, AdmissionSettings settings) {
    this(source, pods, settings, System::nanoTime);
  }

  Admission(
      PolicySource source, MemberPods pods, AdmissionSettings settings, LongSupplier nanoTime) {
    protection = Protection.of(source, pods, settings, nanoTime);
  }

  /**
   * Whether a request about an object of an API server is to be given to {@link #admit}, and its
   * body to be read for that. All others go on untouched.
   */
  public static boolean concerns(RequestInfo info) {
    if (!info.resourceRequest()) {
      return false;
    }
    String part = info.subresource();
    if (part.equals("proxy")) {
      return info.groupResource().equals(CLUSTERS);
    }
    return switch (info.verb()) {
      case "create" -> part.isEmpty();
      case "update", "patch" ->
          switch (part) {
            case "", "scale", "status", "finalize" -> true;
            default -> false;
          };
      case "delete", "deletecollection" -> true;
      default -> false;
    };
  }

  /** The same for the removal of pods that live in members; the cache tells enough of them. */
  public static boolean concernsRemovalOfPods(RequestInfo info) {
    return switch (info.verb()) {
      case "create" -> info.subresource().equals("eviction");
      case "delete", "deletecollection" -> info.subresource().isEmpty();
      default -> false;
    };
  }

  /** The same for a change of a pod, of which its member has to be asked. */
  public static boolean concernsChangeOfPod(RequestInfo info) {
    return info.groupResource().equals(GroupResource.PODS)
        && switch (info.verb()) {
          case "update", "patch" ->
              info.subresource().isEmpty() || info.subresource().equals("status");
          default -> false;
        };
  }

  /**
   * Judges a request and, where only that is free of races, carries it out.
   *
   * @throws ApiException if it is refused, can't be judged, or fails
   */
  public Outcome admit(AdmissionRequest request) {
    if (request.info().subresource().equals("proxy")) {
      return throughMember(request);
    }
    if (request.toPods() && !concernsChangeOfPod(request.info())) {
      return new PodRemoval(request, protection).admit();
    }
    return switch (request.info().verb()) {
      case "create" -> new Creation(request, protection).admit();
      case "update", "patch" -> new Change(request, protection).admit();
      case "delete" -> new Deletion(request, protection).admit();
      case "deletecollection" -> new CollectionDeletion(request, protection).admit();
      default -> Outcome.PassOn.UNJUDGED;
    };
  }

  /** Karmada's way into a member would lead around everything here; there is our own instead. */
  private static Outcome throughMember(AdmissionRequest request) {
    if (!request.info().readOnly() && !STREAM.matcher(request.info().rest()).matches()) {
      throw ApiException.forbidden(
          CLUSTERS,
          request.info().name(),
          "changes do not go through its proxy: use the entry /clusters/" + request.info().name());
    }
    return Outcome.PassOn.UNJUDGED;
  }
}
