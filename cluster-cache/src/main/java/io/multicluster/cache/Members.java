package io.multicluster.cache;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The members of one kind: who is there, who answers, and whether clients can be served yet. */
final class Members {
  private final CachedKind kind;
  private final Sequencer sequencer;
  private final int clusterIndex;
  private final int portion;

  /** The current sink of each member, by name. Guarded by this. */
  private final Map<String, FeedChannel> channels = new HashMap<>();

  // The sequencer's own.
  private final Map<String, MemberState> states = new HashMap<>();
  private boolean known;

  private volatile List<MemberState> shown = List.of();
  private volatile boolean ready;

  /**
   * @param portion deletions between two looks at the queue when many are due
   */
  Members(CachedKind kind, Sequencer sequencer, int clusterIndex, int portion) {
    this.kind = kind;
    this.sequencer = sequencer;
    this.clusterIndex = clusterIndex;
    this.portion = portion;
  }

  synchronized FeedSink join(Member member) {
    FeedChannel former = channels.get(member.name());
    MemberState state;
    String resumeFrom = "";
    if (former != null && former.state().origin().member().equals(member)) {
      state = former.state();
      // Read before the new sink takes over: what the former one accepts later does not count.
      resumeFrom = former.resumeFrom();
    } else {
      if (former != null) {
        leaveNow(former.state());
      }
      state = new MemberState(sequencer, new Origin(member), clusterIndex, portion);
    }
    FeedChannel channel =
        new FeedChannel(this, sequencer, state, new ObjectReader(kind, state.origin()), resumeFrom);
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
      refresh();
    });
  }

  void membersKnown() {
    sequencer.submit(() -> {
      known = true;
      refresh();
    });
  }

  /** Clients are served from now on, whoever is still missing. */
  void waitNoLonger() {
    ready = true;
  }

  boolean ready() {
    return ready;
  }

  List<MemberStatus> statuses() {
    return shown.stream().map(MemberState::status).toList();
  }

  /** On the sequencer's thread: somebody came or went, was listed, or stopped answering. */
  void refresh() {
    shown = List.copyOf(states.values());
    if (known && shown.stream().allMatch(MemberState::settled)) {
      ready = true;
    }
  }
}
