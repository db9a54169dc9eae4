package io.multicluster.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The members of one kind: who is there, who answers, and whether clients can be served yet. */
final class Members {
  private final CachedKind kind;
  private final Sequencer sequencer;
  private final int clusterIndex;
  private final int portion;
  private final boolean managedFields;
  private final Duration startupPatience;
  private final LongSupplier nanos;
  private final Templates templates;
  private final LongAdder unknownFields = new LongAdder();

  /** The current sink of each member, by name. Guarded by this. */
  private final Map<String, FeedChannel> channels = new HashMap<>();

  /** Members of an earlier incarnation that have not joined yet, by name. Guarded by this. */
  private final Map<String, MemberState> expected = new HashMap<>();

  // The sequencer's own.
  private final Map<String, MemberState> states = new HashMap<>();

  /** Members that left and whose objects are not all deleted yet. */
  private final List<MemberState> leaving = new ArrayList<>();

  private boolean known;
  private long knownSince;

  private volatile List<MemberState> shown = List.of();
  private volatile List<String> stale = List.of();
  private volatile boolean ready;

  /**
   * Before the sequencer starts.
   *
   * @param portion deletions between two looks at the queue when many are due
   * @param managedFields whether they are kept
   * @param startupPatience how long clients wait at the start for members that don't answer
   */
  Members(
      CachedKind kind,
      Sequencer sequencer,
      int clusterIndex,
      int portion,
      boolean managedFields,
      Templates templates,
      Duration startupPatience,
      LongSupplier nanos) {
    this.kind = kind;
    this.sequencer = sequencer;
    this.clusterIndex = clusterIndex;
    this.portion = portion;
    this.managedFields = managedFields;
    this.templates = templates;
    this.startupPatience = startupPatience;
    this.nanos = nanos;
    sequencer.onTick(this::tick);
    sequencer.beforeFlush(this::keep);
  }

  /** Before the sequencer starts: whose objects are there already. */
  synchronized void restore(List<Recovered.MemberPosition> members) {
    for (Recovered.MemberPosition member : members) {
      MemberState state =
          new MemberState(sequencer, member.origin(), clusterIndex, portion, member.position());
      if (member.left()) {
        leaveNow(state);
        continue;
      }
      MemberState former = expected.put(member.origin().cluster(), state);
      if (former != null) {
        leaveNow(former);
      }
      states.put(state.origin().cluster(), state);
    }
    refresh();
  }

  synchronized FeedSink join(Member member) {
    FeedChannel former = channels.get(member.name());
    MemberState known = expected.remove(member.name());
    MemberState state;
    String resumeFrom = "";
    if (former != null && former.state().origin().member().equals(member)) {
      state = former.state();
      // Read before the new sink takes over: what the former one accepts later does not count.
      resumeFrom = former.resumeFrom();
    } else if (known != null && known.origin().member().equals(member)) {
      state = known;
      resumeFrom = known.resumePosition() == 0 ? "" : Long.toString(known.resumePosition());
      sequencer.submit(known::reachable);
    } else {
      if (former != null) {
        leaveNow(former.state());
      }
      if (known != null) {
        leaveNow(known);
      }
      state = new MemberState(sequencer, new Origin(member), clusterIndex, portion);
    }
    FeedChannel channel =
        new FeedChannel(
            this,
            sequencer,
            state,
            ObjectReader.of(kind, state.origin(), templates, unknownFields, managedFields),
            resumeFrom);
    channels.put(member.name(), channel);
    sequencer.submit(() -> {
      state.attach(channel);
      states.put(member.name(), state);
      refresh();
    });
    return channel;
  }

  synchronized void leave(FeedChannel channel) {
    if (channels.remove(channel.state().origin().cluster(), channel)) {
      leaveNow(channel.state());
    }
  }

  private void leaveNow(MemberState state) {
    sequencer.submit(() -> {
      states.remove(state.origin().cluster(), state);
      state.leave();
      leaving.add(state);
      refresh();
    });
  }

  /** A member that has not joined since the start will not. */
  synchronized void removed(String name) {
    MemberState known = expected.remove(name);
    if (known != null) {
      leaveNow(known);
    }
  }

  /**
   * @param names of all members that are to be expected
   */
  synchronized void membersKnown(Set<String> names) {
    List.copyOf(expected.keySet()).stream()
        .filter(name -> !names.contains(name))
        .forEach(this::removed);
    List<MemberState> missing = List.copyOf(expected.values());
    sequencer.submit(() -> {
      missing.forEach(member -> member.unreachable("not reached since the gateway started"));
      known = true;
      refresh();
    });
  }

  /** On the sequencer's thread: some time later clients are served, whoever is still missing. */
  private void tick() {
    if (known && nanos.getAsLong() - knownSince > startupPatience.toNanos()) {
      ready = true;
    }
  }

  /** On the sequencer's thread: how the members stand, for the disk. */
  List<Recovered.MemberPosition> durable() {
    leaving.removeIf(MemberState::gone);
    return Stream.concat(states.values().stream(), leaving.stream())
        .map(MemberState::durable)
        .toList();
  }

  private void keep() {
    Journal journal = sequencer.journal();
    if (journal != null) {
      states.values().forEach(member -> keep(journal, member));
      leaving.forEach(member -> keep(journal, member));
    }
    leaving.removeIf(MemberState::gone);
  }

  private static void keep(Journal journal, MemberState member) {
    Recovered.MemberPosition news = member.durableNews();
    if (news != null) {
      journal.member(news);
    }
  }

  /** On the sequencer's thread: the member of that name; null if there is none. */
  @Nullable MemberState state(String cluster) {
    return states.get(cluster);
  }

  /** Reads single objects as they would be kept, apart from those that are. */
  ObjectReader reader(String cluster) {
    return ObjectReader.of(kind, origin(cluster), new Templates(), new LongAdder(), managedFields);
  }

  /** The present incarnation of a member; one that never was here for a name that is not known. */
  private Origin origin(String cluster) {
    for (MemberState state : shown) {
      if (state.origin().cluster().equals(cluster)) {
        return state.origin();
      }
    }
    return new Origin(new Member(cluster, "unknown"));
  }

  boolean ready() {
    return ready;
  }

  /** See {@link ClusterCache#unknownFields}. */
  long unknownFields() {
    return unknownFields.sum();
  }

  List<MemberStatus> statuses() {
    return shown.stream().map(MemberState::status).toList();
  }

  /** The names of those that don't answer, in order. */
  List<String> stale() {
    return stale;
  }

  /**
   * On the sequencer's thread: somebody came or went, was listed, stopped answering or answers
   * again.
   */
  void refresh() {
    shown = List.copyOf(states.values());
    stale =
        statuses().stream()
            .filter(MemberStatus::stale)
            .map(status -> status.member().name())
            .sorted()
            .toList();
    if (known && shown.stream().allMatch(MemberState::settled)) {
      ready = true;
    }
  }
}
