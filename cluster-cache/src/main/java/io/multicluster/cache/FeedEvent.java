package io.multicluster.cache;

/**
 * What a feed tells about one kind of one member.
 *
 * <p>Bytes of objects begin with one object of the given length, encoded as {@link
 * CachedKind#encoding} says; the array is the feed's again when {@link FeedSink#accept} returns.
 *
 * <p>A list is {@link ListBegin}, any number of {@link ListItem}, {@link ListEnd}; the cache finds
 * out itself what was added, changed or deleted. Items show as they come; what is missing from the
 * list is deleted at its end. A list that breaks off needs no word: the next {@link ListBegin}, or
 * any {@link Change} after resuming from {@link FeedSink#resumeFrom}, ends it without deletions.
 */
public sealed interface FeedEvent {
  /** A complete list starts, be it paged or streamed ({@code sendInitialEvents}). */
  record ListBegin() implements FeedEvent {}

  /** One object of the list that is under way. */
  record ListItem(byte[] object, int length) implements FeedEvent {}

  /**
   * The list is complete.
   *
   * @param resourceVersion the list's, or that of the bookmark that ends the initial events
   */
  record ListEnd(String resourceVersion) implements FeedEvent {}

  /**
   * One event of the member's watch, with the object as the member sent it: for {@link
   * ChangeType#DELETED} its last content under the resourceVersion of the deletion.
   */
  record Change(ChangeType type, byte[] object, int length) implements FeedEvent {}

  /** What happened to the object of a {@link Change}. */
  enum ChangeType {
    ADDED,
    MODIFIED,
    DELETED
  }

  /** The member's watch has sent everything up to this resourceVersion. */
  record Bookmark(String resourceVersion) implements FeedEvent {}

  /**
   * The member does not answer, or its feed is known to be behind: what is cached of it stays in
   * sight, and answers that contain it carry a warning.
   *
   * @param reason for people, half a sentence such as {@code connection refused}
   */
  record Unreachable(String reason) implements FeedEvent {}

  /** The member's watch flows again. A {@link ListEnd} says so as well. */
  record Reachable() implements FeedEvent {}
}
