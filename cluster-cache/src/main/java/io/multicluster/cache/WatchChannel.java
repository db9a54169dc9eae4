package io.multicluster.cache;

import io.netty.channel.EventLoop;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The events that have one thing in common, such as a namespace or a node, for the watches that are
 * about it. A linked list: the sequencer appends, each watch holds the node it has come to, and
 * what all have passed is garbage.
 *
 * <p>Confined to the sequencer's thread, but for {@link Node}.
 */
final class WatchChannel {
  private final Map<EventLoop, WatchGroup> groups = new HashMap<>();
  private Node tail;

  /** An event and what follows it. */
  static final class Node {
    private final long number;
    private final @Nullable LogEntry entry;
    private volatile @Nullable Node next;

    /**
     * @param number of the event in the log
     * @param entry null in the first node of a channel
     */
    Node(long number, @Nullable LogEntry entry) {
      this.number = number;
      this.entry = entry;
    }

    long number() {
      return number;
    }

    LogEntry entry() {
      if (entry == null) {
        throw new IllegalStateException("the first node of a channel has no event");
      }
      return entry;
    }

    /** Null if there is none yet. Any thread may ask. */
    @Nullable Node next() {
      return next;
    }
  }

  /**
   * @param end number behind the events that were there before the channel
   */
  WatchChannel(long end) {
    this.tail = new Node(end - 1, null);
  }

  Node tail() {
    return tail;
  }

  /** Returns false if it is the last one already. */
  boolean append(long number, LogEntry entry) {
    if (tail.number == number) {
      return false;
    }
    Node node = new Node(number, entry);
    tail.next = node;
    tail = node;
    return true;
  }

  void wake() {
    groups.values().forEach(WatchGroup::wake);
  }

  WatchGroup enter(EventLoop loop) {
    WatchGroup group = groups.computeIfAbsent(loop, WatchGroup::new);
    group.entered();
    return group;
  }

  /** Returns whether nobody is left. */
  boolean leave(EventLoop loop) {
    WatchGroup group = groups.get(loop);
    if (group != null && group.left()) {
      groups.remove(loop);
    }
    return groups.isEmpty();
  }
}
