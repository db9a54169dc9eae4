package io.multicluster.admission;

import io.multicluster.wire.status.ApiException;
import java.util.function.LongSupplier;

/**
 * What changes are judged by, whichever request brings them: the policies, what is known of pods,
 * and what earlier changes left to be remembered. Thread-safe.
 */
record Protection(
    PolicySource source,
    MemberPods pods,
    AdmissionSettings settings,
    ReplicaHistory history,
    PodRules podRules) {
  private static final int REMEMBERED_OBJECTS = 100_000;

  static Protection of(
      PolicySource source, MemberPods pods, AdmissionSettings settings, LongSupplier nanoTime) {
    ReplicaHistory history =
        new ReplicaHistory(nanoTime, PolicyParser.LONGEST_WINDOW, REMEMBERED_OBJECTS);
    return new Protection(source, pods, settings, history, new PodRules(history, nanoTime));
  }

  /** By the policies that are in force now. */
  Rules rules() {
    return new Rules(source.policies(), settings, history);
  }

  /**
   * Remembers what an object has before a change takes some of it away.
   *
   * @throws ApiException if there is no room, so that later changes could not be judged
   */
  void remember(ObjectKey key, int replicas) {
    if (!history.note(key, replicas)) {
      throw ApiException.unavailable(
          "too many scaled objects are being remembered to judge one more", 0);
    }
  }
}
