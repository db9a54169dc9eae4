package io.multicluster.admission;

import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.selector.LabelSet;
import io.multicluster.wire.status.ApiException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is known of the pods in the members. Answers from memory; safe for use by any thread. */
public interface MemberPods {
  /** Where pods are not looked at: what depends on them can't be judged and is refused. */
  MemberPods UNKNOWN =
      new MemberPods() {
        @Override
        public boolean available() {
          return false;
        }

        @Override
        public List<Pod> select(
            String cluster, String namespace, LabelSelector labels, FieldSelector fields) {
          throw ApiException.unavailable("the pods of the members are not known", 0);
        }

        @Override
        public List<Pod> ownedBy(PodOwner owner) {
          throw ApiException.unavailable("the pods of the members are not known", 0);
        }
      };

  /** Whether pods are looked at at all. */
  default boolean available() {
    return true;
  }

  /**
   * A pod of a member.
   *
   * @param owner what manages the pod; null if nothing does
   * @param terminating whether it is on its way out already
   * @param finished whether it has run to its end, well or not
   */
  record Pod(
      String cluster,
      String namespace,
      String name,
      String uid,
      LabelSet labels,
      @Nullable PodOwner owner,
      boolean terminating,
      boolean finished) {}

  /** What manages pods, the same in all clusters. */
  record PodOwner(String namespace, String kind, String name) {}

  /**
   * The pods that match.
   *
   * @param cluster empty for all
   * @param namespace empty for all
   * @throws io.multicluster.wire.status.ApiException 503 if the pods are not known
   */
  List<Pod> select(String cluster, String namespace, LabelSelector labels, FieldSelector fields);

  /**
   * The pods of an owner in all clusters.
   *
   * @throws io.multicluster.wire.status.ApiException 503 if the pods are not known
   */
  List<Pod> ownedBy(PodOwner owner);
}
