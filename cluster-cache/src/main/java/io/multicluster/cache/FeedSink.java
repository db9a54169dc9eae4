package io.multicluster.cache;

/**
 * Where the feed of one member and one kind puts what it hears. Made by {@link CacheFeeds#join}.
 *
 * <p>One thread at a time calls it, in the member's order; an event loop will do, no call blocks.
 * Calls after {@link #leave}, or after another member joined under the same name, do nothing but
 * run {@code applied}.
 */
public interface FeedSink {
  /**
   * The member's resourceVersion behind everything that was accepted so far, from which a watch may
   * go on; empty if the member must be listed first. Not empty at once after a restart that found
   * the member's state on disk.
   */
  String resumeFrom();

  /**
   * Queues an event.
   *
   * @param applied runs once the event is part of what clients see, or was refused; on any thread,
   *     so it must be short. The queue is bounded by its callers: a feed returns window credit for
   *     the bytes of an event only here, and so never has more than a window in the queue.
   * @throws io.multicluster.wire.proto.MalformedProtoException if the object can't be read; nothing
   *     was queued, {@code applied} does not run. The feed should break off and list again.
   */
  void accept(FeedEvent event, Runnable applied);

  /**
   * The member has left the federation, or the kind is no longer wanted of it: its objects are
   * deleted from sight. Not for members that are only out of reach.
   */
  void leave();
}
