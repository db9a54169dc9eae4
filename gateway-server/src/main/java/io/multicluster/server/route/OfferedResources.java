package io.multicluster.server.route;

import io.multicluster.wire.resource.GroupResource;
import java.util.Set;

/**
 * What clients may use. The review kinds by which clients ask about themselves are always served,
 * named or not: {@code kubectl auth} needs them, and they show nothing else.
 *
 * @param gathered asked of all members at each request
 * @param allFederated whether everything that the control plane has is offered; {@code federated}
 *     has no meaning then
 */
public record OfferedResources(
    Set<GroupResource> cached,
    Set<GroupResource> gathered,
    Set<GroupResource> federated,
    boolean allFederated) {
  private static final Set<GroupResource> SELF_REVIEWS =
      Set.of(
          new GroupResource("authorization.k8s.io", "selfsubjectaccessreviews"),
          new GroupResource("authorization.k8s.io", "selfsubjectrulesreviews"),
          new GroupResource("authentication.k8s.io", "selfsubjectreviews"));

  public OfferedResources {
    cached = Set.copyOf(cached);
    gathered = Set.copyOf(gathered);
    federated = Set.copyOf(federated);
  }

  public boolean isCached(GroupResource resource) {
    return cached.contains(resource);
  }

  public boolean isGathered(GroupResource resource) {
    return gathered.contains(resource);
  }

  public boolean isFederated(GroupResource resource) {
    return !isCached(resource)
        && !isGathered(resource)
        && (allFederated || federated.contains(resource) || SELF_REVIEWS.contains(resource));
  }

  /** Whether discovery shows the resource: those that the operator has named. */
  public boolean isListed(GroupResource resource) {
    return isCached(resource)
        || isGathered(resource)
        || allFederated
        || federated.contains(resource);
  }
}
