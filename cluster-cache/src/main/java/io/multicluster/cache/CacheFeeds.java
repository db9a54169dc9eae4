package io.multicluster.cache;

import java.util.List;
import java.util.Set;

/**
 * The side of the cache that faces the members. Methods may be called from any thread, while
 * clients are being served.
 */
public interface CacheFeeds {
  /** What is wanted of every member. */
  List<CachedKind> kinds();

  /**
   * A member joins with one kind, or a feed starts over. If the same {@link Member} is there
   * already, its objects stay and the sink made earlier goes dead. If another one has the name (the
   * cluster was rebuilt), its objects are deleted first.
   *
   * @throws IllegalArgumentException if the kind is not one of {@link #kinds}
   */
  FeedSink join(CachedKind kind, Member member);

  /**
   * All members known at the start have joined, if they could be reached. The cache answers clients
   * from when each that joined is either listed or reported {@link FeedEvent.Unreachable}, or after
   * a bounded wait. Of members that an earlier run knew, the objects of those that are not named
   * here are deleted from sight; of those that are, they stay, reached or not.
   *
   * @param names of all members
   */
  void membersKnown(Set<String> names);

  /** A member left before it ever joined: what an earlier run knew of it is deleted from sight. */
  void removed(String name);
}
