package io.multicluster.cache;

import java.util.List;

/**
 * What an earlier incarnation left behind.
 *
 * @param base the state that the events begin from
 * @param events what happened since, as it was minted
 * @param members who was there at the end
 */
record Recovered(Snapshot base, List<LogEntry> events, List<MemberPosition> members) {

  /**
   * A member as its feed can go on with it.
   *
   * @param position its own resourceVersion up to which all is in; 0 if it must be listed
   * @param left whether it left, and what is left of it is to be deleted
   */
  record MemberPosition(Origin origin, long position, boolean left) {}

  static Recovered nothing(long position, int indexes) {
    return new Recovered(Snapshot.empty(position, indexes), List.of(), List.of());
  }

  /** The last resourceVersion that is known to have been minted. */
  long end() {
    return events.isEmpty() ? base.resourceVersion() : events.getLast().resourceVersion();
  }
}
