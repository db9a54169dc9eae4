package io.multicluster.cache;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** Everything of one kind: who writes its state, who comes in, what is remembered. */
final class KindCache implements AutoCloseable {
  private static final int SWEEP_PORTION = 256;

  private final CachedKind kind;
  private final KindIndexes indexes;
  private final Sequencer sequencer;
  private final Members members;
  private final History history;
  private final PositionWaiters waiters;
  private final WriteWaiters writes;
  private final WatchRegistry watches;
  private final FrameCache frames;
  private final @Nullable Journal journal;

  /** What was minted up to here is known about. */
  private final long known;

  /** What was minted between then and here, if anything, is not. */
  private final long born;

  KindCache(CachedKind kind, CacheOptions options) {
    this(kind, options, SWEEP_PORTION);
  }

  /**
   * @param sweepPortion deletions between two looks at the queue when many are due
   */
  KindCache(CachedKind kind, CacheOptions options, int sweepPortion) {
    this.kind = kind;
    this.indexes = new KindIndexes(kind, options.indexedLabels());
    HybridClock clock = new HybridClock(options.wallMillis(), options.replicaSlot());
    Templates templates = new Templates();
    Disk disk = Disk.open(kind, indexes, templates, options);
    this.journal = disk.journal();
    Recovered found = disk.recovered();
    Recovered recovered =
        found == null ? Recovered.nothing(clock.next(), indexes.definitions().size()) : found;
    this.known = recovered.end();
    this.sequencer =
        new Sequencer(
            indexes.definitions(), clock, options.log(), options.nanos(), recovered, journal);
    this.born = found == null ? known : clock.next();
    this.members =
        new Members(
            kind,
            sequencer,
            indexes.cluster(),
            sweepPortion,
            options.managedFields(),
            templates,
            options.startupPatience(),
            options.nanos());
    this.history = new History(sequencer, indexes, options.history(), options.nanos());
    this.waiters = new PositionWaiters(sequencer, options.patience());
    this.writes = new WriteWaiters(sequencer, members, options.writePatience(), options.nanos());
    this.watches = new WatchRegistry(sequencer, indexes);
    this.frames = new FrameCache(options.sharedFrameBytes());
    sequencer.onTick(history::expire);
    members.restore(recovered.members());
    if (journal != null) {
      journal.startGeneration(sequencer.snapshot(), recovered.members());
      sequencer.onTick(() -> {
        if (journal.due()) {
          startGeneration();
        }
      });
    }
  }

  /** On the sequencer's thread, between commands: what is on disk begins anew. */
  void startGeneration() {
    if (journal != null) {
      journal.startGeneration(sequencer.snapshot(), members.durable());
    }
  }

  void start(ThreadFactory threads) {
    sequencer.start(threads);
  }

  CachedKind kind() {
    return kind;
  }

  KindIndexes indexes() {
    return indexes;
  }

  Sequencer sequencer() {
    return sequencer;
  }

  Snapshot snapshot() {
    return sequencer.snapshot();
  }

  Members members() {
    return members;
  }

  History history() {
    return history;
  }

  PositionWaiters waiters() {
    return waiters;
  }

  WriteWaiters writes() {
    return writes;
  }

  WatchRegistry watches() {
    return watches;
  }

  FrameCache frames() {
    return frames;
  }

  /**
   * Whether it can be told what is older and what is newer than that resourceVersion: it was minted
   * here, or before all that this replica knows. What another replica minted since says nothing
   * about the order of events here, nor does what an earlier run minted and the disk lost.
   */
  boolean comparable(long resourceVersion) {
    return resourceVersion <= known
        || (resourceVersion >= born && sequencer.clock().own(resourceVersion));
  }

  /** The objects of that name, one for each cluster that has one. */
  List<CachedObject> named(Snapshot snapshot, String namespace, String name, String cluster) {
    byte[] prefix = ObjectKey.prefix(namespace, name);
    CopyOnWriteBTree.Cursor<CachedObject> cursor = snapshot.objects().cursor(prefix);
    List<CachedObject> found = new ArrayList<>(1);
    for (CachedObject object = cursor.next();
        object != null && ObjectKey.startsWith(object.key(), prefix);
        object = cursor.next()) {
      if (cluster.isEmpty() || object.cluster().equals(cluster)) {
        found.add(object);
      }
    }
    return found;
  }

  /** For the {@code Warning} header: members that don't answer but whose last state is shown. */
  List<String> staleClusters(Snapshot snapshot, String cluster) {
    List<String> stale = members.stale();
    if (stale.isEmpty()) {
      return stale;
    }
    Index clusters = snapshot.indexes().get(indexes.cluster());
    return stale.stream()
        .filter(name -> cluster.isEmpty() || cluster.equals(name))
        .filter(name -> clusters.keys(name).size() > 0)
        .toList();
  }

  @Nullable CachedObject get(String namespace, String name, String cluster) {
    return snapshot().get(ObjectKey.of(namespace, name, cluster));
  }

  @Override
  public void close() {
    sequencer.close();
    if (journal != null) {
      journal.close();
    }
  }
}
