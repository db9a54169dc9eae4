package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.GeneratedObjects.State;
import io.multicluster.testclusters.simulated.GeneratedPod.ReplicaSet;
import io.multicluster.wire.resource.GroupResource;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Very many pods in one cluster, and their life. A pod takes some 200 bytes of memory here and 5 to
 * 7.5 KB on the wire. They are like any other objects to clients: whoever writes one makes it an
 * ordinary object that this load leaves alone from then on.
 *
 * <p>Thread-safe.
 */
public final class PodLoad implements AutoCloseable {
  private static final long TICK_NANOS = 5_000_000;

  private final ObjectStore store;
  private final Spec spec;
  private final Executor threads;
  private final List<GeneratedPod> pods = new ArrayList<>();
  private final Deque<GeneratedEvent> events = new ArrayDeque<>();
  private long nextSeed;
  private volatile @Nullable Churn churn;

  /**
   * How much there is to be.
   *
   * @param pods how many pods
   * @param podsPerReplicaSet how many of them have the same owner
   * @param namespaces they are called {@code team-000} and so on; at most 1,000
   * @param nodes they are called {@code node-00000} and so on
   * @param eventsPerHundredPods how many events about pods there are from the start
   * @param seed equal seeds make equal pods; give each cluster its own
   */
  public record Spec(
      int pods,
      int podsPerReplicaSet,
      int namespaces,
      int nodes,
      int eventsPerHundredPods,
      long seed) {

    public Spec {
      if (pods < 0
          || podsPerReplicaSet < 1
          || namespaces < 1
          || namespaces > 1000
          || nodes < 1
          || nodes > 100_000
          || eventsPerHundredPods < 0) {
        throw new IllegalArgumentException(
            "a load that can't be made: "
                + pods
                + " pods, "
                + podsPerReplicaSet
                + " a ReplicaSet, "
                + namespaces
                + " namespaces, "
                + nodes
                + " nodes, "
                + eventsPerHundredPods
                + " events per hundred pods");
      }
    }

    /** So many pods, 20 a ReplicaSet, 50 a node, a thousand a namespace, ten events per hundred. */
    public static Spec of(int pods, long seed) {
      return new Spec(
          pods, 20, Math.clamp(pods / 1000, 1, 1000), Math.clamp(pods / 50, 1, 100_000), 10, seed);
    }
  }

  PodLoad(ObjectStore store, Spec spec, Executor threads) {
    this.store = store;
    this.spec = spec;
    this.threads = threads;
    this.nextSeed = GeneratedObjects.mix(spec.seed()) & 0xffffffffffffL;
    fill();
  }

  private void fill() {
    for (int i = 0; i < spec.namespaces(); i++) {
      ObjectNode namespace = named("Namespace", "team-%03d".formatted(i));
      namespace.putObject("status").put("phase", "Active");
      put("namespaces", namespace);
    }
    for (int i = 0; i < spec.nodes(); i++) {
      ObjectNode node = named("Node", "node-%05d".formatted(i));
      ObjectNode status = node.putObject("status");
      status
          .putArray("conditions")
          .addObject()
          .put("type", "Ready")
          .put("status", "True")
          .put("reason", "KubeletReady");
      put("nodes", node);
    }
    store.locked(() -> {
      ResourceCollection podCollection = store.collection(GroupResource.PODS);
      ResourceCollection eventCollection = store.collection(GroupResource.EVENTS);
      int now = now();
      ReplicaSet owner = null;
      for (int i = 0; i < spec.pods(); i++) {
        if (i % spec.podsPerReplicaSet() == 0) {
          owner = replicaSet(i / spec.podsPerReplicaSet(), now);
        }
        GeneratedPod pod =
            new GeneratedPod(
                java.util.Objects.requireNonNull(owner),
                nextSeed++,
                store.nextRevision(),
                firstState(i),
                now);
        pods.add(pod);
        podCollection.load(pod);
      }
      for (long i = 0; i < (long) spec.pods() * spec.eventsPerHundredPods() / 100; i++) {
        GeneratedPod pod = pods.get((int) (i % pods.size()));
        GeneratedEvent event = new GeneratedEvent(pod, nextSeed++, store.nextRevision(), now);
        events.add(event);
        eventCollection.load(event);
      }
      podCollection.breakOff();
      eventCollection.breakOff();
      return now;
    });
  }

  private void put(String plural, ObjectNode object) {
    ResourceType type =
        BuiltInTypes.ALL.stream().filter(t -> t.is("", plural)).findFirst().orElseThrow();
    Entry _ = store.put(type, object);
  }

  private static ObjectNode named(String kind, String name) {
    ObjectNode object = Json.object();
    object.put("kind", kind).put("apiVersion", "v1");
    object
        .putObject("metadata")
        .put("name", name)
        .put("uid", GeneratedObjects.uuid(name.hashCode()))
        .put("creationTimestamp", Canonical.SECONDS.format(Instant.now()));
    return object;
  }

  private ReplicaSet replicaSet(int number, int now) {
    long seed = nextSeed++;
    return new ReplicaSet(
        "team-%03d".formatted(number % spec.namespaces()),
        "app-%05d".formatted(number % 100_000),
        GeneratedObjects.letters(seed, 10),
        seed,
        number % GeneratedObjects.SHAPES,
        now - (GeneratedObjects.mix(seed) >>> 1) % 5_000_000,
        spec.nodes());
  }

  /** Nearly all run; one in a hundred has a problem or has ended. */
  private static State firstState(int number) {
    return switch (number % 400) {
      case 97 -> State.PENDING;
      case 197 -> State.NOT_READY;
      case 297 -> State.CRASHING;
      case 397 -> State.COMPLETED;
      default -> State.RUNNING;
    };
  }

  private static int now() {
    return (int) Instant.now().getEpochSecond();
  }

  /** How many pods this load still takes care of. */
  public int size() {
    return store.locked(pods::size);
  }

  /**
   * Starts changing pods, until {@link #stopChurn}: of a hundred changes, 90 are of a pod's status,
   * 4 replace a pod by a new one (which is two changes), and 6 are events about pods.
   *
   * @param perSecond changes a second, evenly spread
   * @param changed hears the resourceVersion of each change once it is visible; may be called while
   *     the cluster's lock is held, so it must be quick
   */
  public synchronized void churn(double perSecond, LongConsumer changed) {
    stopChurn();
    Churn next = new Churn(perSecond, changed);
    churn = next;
    threads.execute(next);
  }

  /** Ends the changes; none comes after it returns but the one that is under way. */
  public synchronized void stopChurn() {
    Churn current = churn;
    if (current != null) {
      current.stopped = true;
      churn = null;
    }
  }

  /** Changes one pod's status now, and returns the change's resourceVersion. */
  public long changeOne() {
    return store.locked(() -> changeStatus((int) (nextSeed++ * 7919 % pods.size())));
  }

  @Override
  public void close() {
    stopChurn();
  }

  /** Call it in a step of the store. */
  private long changeStatus(int index) {
    GeneratedPod pod = pods.get(index);
    ResourceCollection collection = store.collection(GroupResource.PODS);
    if (collection.get(pod.namespace(), pod.name()) != pod) {
      // Somebody else wrote or deleted it.
      GeneratedPod last = pods.removeLast();
      if (index < pods.size()) {
        pods.set(index, last);
      }
      return store.revision();
    }
    State next =
        switch (pod.state()) {
          case PENDING, NOT_READY, CRASHING -> State.RUNNING;
          case RUNNING -> State.NOT_READY;
          case COMPLETED -> State.COMPLETED;
        };
    GeneratedPod changed = pod.changed(next, store.nextRevision(), now());
    pods.set(index, changed);
    collection.put(changed);
    return changed.resourceVersion();
  }

  private long replace(int index) {
    GeneratedPod pod = pods.get(index);
    ResourceCollection collection = store.collection(GroupResource.PODS);
    if (collection.get(pod.namespace(), pod.name()) != pod) {
      return changeStatus(index);
    }
    collection.remove(pod, store.nextRevision());
    GeneratedPod fresh =
        new GeneratedPod(pod.owner(), nextSeed++, store.nextRevision(), State.PENDING, now());
    pods.set(index, fresh);
    collection.put(fresh);
    return fresh.resourceVersion();
  }

  private long event(int index) {
    GeneratedEvent event =
        new GeneratedEvent(pods.get(index), nextSeed++, store.nextRevision(), now());
    ResourceCollection collection = store.collection(GroupResource.EVENTS);
    collection.put(event);
    events.add(event);
    if (events.size() > Math.max(1000, pods.size() / 5)) {
      // Events live an hour in real clusters; here the oldest make room.
      collection.remove(events.removeFirst(), store.nextRevision());
    }
    return event.resourceVersion();
  }

  private final class Churn implements Runnable {
    private final double perNano;
    private final LongConsumer changed;
    private volatile boolean stopped;

    Churn(double perSecond, LongConsumer changed) {
      this.perNano = perSecond / 1e9;
      this.changed = changed;
    }

    @Override
    public void run() {
      long start = System.nanoTime();
      long done = 0;
      while (!stopped && !Thread.currentThread().isInterrupted()) {
        long due = (long) ((System.nanoTime() - start) * perNano);
        while (done < due && !stopped) {
          long number = done++;
          changed.accept(store.locked(() -> step(number)));
        }
        LockSupport.parkNanos(TICK_NANOS);
      }
    }

    private long step(long number) {
      if (pods.isEmpty()) {
        return store.revision();
      }
      int index = (int) ((GeneratedObjects.mix(spec.seed() + number) >>> 1) % pods.size());
      int kind = (int) (number % 100);
      return kind < 90 ? changeStatus(index) : kind < 94 ? replace(index) : event(index);
    }
  }
}
