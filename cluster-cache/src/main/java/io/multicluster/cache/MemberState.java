package io.multicluster.cache;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * What the sequencer knows of one member: how far its feed has come, whether it answers, and the
 * complete list that may be under way. Turns what the feed says into events.
 *
 * <p>Confined to the sequencer's thread, but for {@link #status} and what never changes.
 */
final class MemberState {
  private final Sequencer sequencer;
  private final Origin origin;
  private final int clusterIndex;
  private final int portion;

  /** The sink that may speak for the member; another that was made earlier is ignored. */
  private @Nullable FeedChannel channel;

  private volatile boolean listed;
  private volatile String unreachable = "";

  /** The member's resourceVersion behind everything applied. */
  private volatile long position;

  private @Nullable Listing listing;
  private @Nullable Sweep sweep;
  private boolean left;

  /** What the disk was told last. */
  private Recovered.@Nullable MemberPosition kept;

  /**
   * @param clusterIndex which of the indexes is that of clusters
   * @param portion deletions between two looks at the queue: a big member that leaves delays nobody
   */
  MemberState(Sequencer sequencer, Origin origin, int clusterIndex, int portion) {
    this.sequencer = sequencer;
    this.origin = origin;
    this.clusterIndex = clusterIndex;
    this.portion = portion;
  }

  /**
   * A member that an earlier incarnation knew.
   *
   * @param known up to which position
   */
  MemberState(Sequencer sequencer, Origin origin, int clusterIndex, int portion, long known) {
    this(sequencer, origin, clusterIndex, portion);
    position = known;
    listed = known > 0;
  }

  Origin origin() {
    return origin;
  }

  void attach(FeedChannel newChannel) {
    channel = newChannel;
    listing = null;
  }

  boolean attached(FeedChannel candidate) {
    return channel == candidate;
  }

  /** Whether there is something to show, or a reason why not. */
  boolean settled() {
    return listed || !unreachable.isEmpty();
  }

  MemberStatus status() {
    return new MemberStatus(origin.member(), listed, unreachable, position);
  }

  /** The member's position that a feed can go on from; 0 if it must list. */
  long resumePosition() {
    return listed ? position : 0;
  }

  /** How its feed could go on after a restart: what is not finished does not count yet. */
  Recovered.MemberPosition durable() {
    Recovered.MemberPosition before = kept;
    if (before != null && sweep != null && !left) {
      return before;
    }
    return new Recovered.MemberPosition(origin, sweep == null ? resumePosition() : 0, left);
  }

  /** The same, if it is news since the last call; null if not. */
  Recovered.@Nullable MemberPosition durableNews() {
    Recovered.MemberPosition now = durable();
    if (now.equals(kept)) {
      return null;
    }
    kept = now;
    return now;
  }

  /** Whether it left and nothing is left of it. */
  boolean gone() {
    return left && sweep == null;
  }

  void beginList() {
    finishSweep();
    listing = new Listing(ownKeys());
  }

  void listItem(CachedObject item) {
    Listing list = listing;
    CachedObject before = sequencer.get(item.key());
    if (before != null && list != null) {
      list.seen(item.key());
    }
    if (before != null && before.origin() == origin && before.sameContent(item)) {
      return;
    }
    replace(before, item);
  }

  void endList(long version) {
    Listing list = listing;
    listing = null;
    listed = true;
    unreachable = "";
    position = version;
    if (list != null) {
      sweep = new Sweep(list.known, list.seen, version);
      sweepOn();
    }
  }

  /** An ADDED or MODIFIED of the member's watch. */
  void changed(CachedObject object) {
    finishSweep();
    listing = null;
    CachedObject before = sequencer.get(object.key());
    // After a list that broke off the feed may resume from before it: what is known is not news.
    if (before == null
        || before.origin() != origin
        || before.memberVersion() < object.memberVersion()) {
      replace(before, object);
    }
    position = Math.max(position, object.memberVersion());
  }

  void deleted(CachedObject object) {
    finishSweep();
    listing = null;
    CachedObject before = sequencer.get(object.key());
    if (before != null
        && before.origin() == origin
        && before.memberVersion() <= object.memberVersion()) {
      sequencer.change(before, null, object.memberVersion());
    }
    position = Math.max(position, object.memberVersion());
  }

  void bookmark(long version) {
    position = Math.max(position, version);
  }

  void unreachable(String reason) {
    unreachable = reason.isEmpty() ? "no reason given" : reason;
  }

  void reachable() {
    unreachable = "";
  }

  /** Deletes all of the member's objects, bit by bit. */
  void leave() {
    channel = null;
    listing = null;
    finishSweep();
    left = true;
    sweep = new Sweep(ownKeys(), new BitSet(), position);
    sweepOn();
  }

  /** An object in the place of another: of the same, or of one that is gone without a word. */
  private void replace(@Nullable CachedObject before, CachedObject after) {
    if (before != null && !before.sameIdentity(after)) {
      sequencer.change(before, null, after.memberVersion());
      before = null;
    }
    sequencer.change(before, after, after.memberVersion());
  }

  private CopyOnWriteBTree<byte[]> ownKeys() {
    return sequencer.current().indexes().get(clusterIndex).keys(origin.cluster());
  }

  private void finishSweep() {
    Sweep open = sweep;
    if (open != null) {
      open.run(Integer.MAX_VALUE);
      sweep = null;
    }
  }

  private void sweepOn() {
    Sweep open = sweep;
    if (open != null) {
      if (open.run(portion)) {
        sweep = null;
      } else {
        sequencer.submit(this::sweepOn);
      }
    }
  }

  /** A complete list under way: which of the objects known at its begin have come. */
  private static final class Listing {
    private final CopyOnWriteBTree<byte[]> known;
    private final BitSet seen;

    Listing(CopyOnWriteBTree<byte[]> known) {
      this.known = known;
      this.seen = new BitSet(known.size());
    }

    void seen(byte[] key) {
      if (known.get(key) != null) {
        seen.set(known.rank(key));
      }
    }
  }

  /**
   * Deletions that are due, done in portions. Finished before anything else that the member says is
   * applied, so what it finds is what was due.
   */
  private final class Sweep {
    private final CopyOnWriteBTree.Cursor<byte[]> keys;
    private final BitSet spared;
    private final long version;
    private int next;

    /**
     * @param spared which of the keys, by their order, are to stay
     * @param version the member's resourceVersion of the deletions
     */
    Sweep(CopyOnWriteBTree<byte[]> keys, BitSet spared, long version) {
      this.keys = keys.cursor(new byte[0]);
      this.spared = spared;
      this.version = version;
    }

    /** Returns whether all is done. */
    boolean run(int most) {
      for (int i = 0; i < most; i++) {
        byte[] key = keys.next();
        if (key == null) {
          return true;
        }
        if (spared.get(next++)) {
          continue;
        }
        CachedObject object = sequencer.get(key);
        if (object != null && object.origin() == origin) {
          sequencer.change(object, null, version);
        }
      }
      return false;
    }
  }
}
