/**
 * The merged, watchable copy of the members' objects: one collection per kind, served with
 * kube-apiserver's semantics.
 *
 * <p>Objects come in through {@link io.multicluster.cache.CacheFeeds}: one {@link
 * io.multicluster.cache.FeedSink} per member and kind takes {@link
 * io.multicluster.cache.FeedEvent}s.
 */
@NullMarked
package io.multicluster.cache;

import org.jspecify.annotations.NullMarked;
