package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The objects of one cluster: a collection per resource, one revision counter over all of them, as
 * etcd has it. Thread-safe; one lock guards everything, and whoever reads, judges and writes in one
 * {@link #locked} block can't be raced.
 */
final class ObjectStore {
  /** A real cluster's revision is never near 1 either: many digits find mistakes with sizes. */
  private static final long FIRST_REVISION = 1_000_000;

  private final int historyLimit;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition advanced = lock.newCondition();
  private final Map<GroupResource, ResourceCollection> collections = new HashMap<>();
  private long revision = FIRST_REVISION;

  /**
   * @param historyLimit how many changes of each resource are kept for watches
   */
  ObjectStore(int historyLimit) {
    this.historyLimit = historyLimit;
  }

  /** Runs a step that nobody else's step overlaps. Reentrant. */
  <T extends @Nullable Object> T locked(Supplier<T> step) {
    lock.lock();
    try {
      return step.get();
    } finally {
      lock.unlock();
    }
  }

  ResourceCollection collection(GroupResource resource) {
    return locked(() ->
        collections.computeIfAbsent(
            resource,
            r -> new ResourceCollection(lock, historyLimit, this::revision, FIRST_REVISION)));
  }

  /** The collections that exist, by resource. */
  Map<GroupResource, ResourceCollection> collections() {
    return locked(() -> Map.copyOf(collections));
  }

  long revision() {
    return locked(() -> revision);
  }

  /** Takes the next revision. Call it in {@link #locked}. */
  long nextRevision() {
    assert lock.isHeldByCurrentThread();
    revision++;
    advanced.signalAll();
    return revision;
  }

  /** Leaves out revisions, as writes to things that nobody sees here would. */
  void skipRevisions(long count) {
    locked(() -> {
      revision += count;
      advanced.signalAll();
      return revision;
    });
  }

  /** Stores an object as it is, created or replaced, without any check. */
  Entry put(ResourceType type, ObjectNode object) {
    return locked(() -> {
      Entry entry = new ObjectEntry(type.message(), object, nextRevision());
      collection(type.storage()).put(entry);
      return entry;
    });
  }

  /** Waits up to {@code patience} for that revision; then 504 as KEP-3157 wants it. */
  void awaitRevision(long wanted, Duration patience) throws InterruptedException {
    lock.lock();
    try {
      long left = patience.toNanos();
      while (revision < wanted) {
        if (left <= 0) {
          throw ApiException.resourceVersionTooLarge(wanted, revision);
        }
        left = advanced.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Forgets the history of all resources: older watches and continue tokens expire. */
  void compact() {
    locked(() -> {
      collections.values().forEach(ResourceCollection::compact);
      return revision;
    });
  }
}
