/**
 * Brings the members' objects to the cache, one {@link io.multicluster.cache.feed.Reflector} per
 * member and kind, all at the same time.
 *
 * <p>{@link io.multicluster.cache.feed.MemberFeeds} is told which members there are, by the
 * configuration or by {@link io.multicluster.cache.feed.KarmadaMembers}, and runs their reflectors.
 * A reflector is a loop on a virtual thread: list, watch, and after a failure back off and go on.
 * Bytes are taken apart on the event loop as they arrive ({@link
 * io.multicluster.cache.feed.FeedFormat}), and window credit is returned when the cache has applied
 * what they said, so a member can't be faster than the cache.
 */
@NullMarked
package io.multicluster.cache.feed;

import org.jspecify.annotations.NullMarked;
