package io.multicluster.server.audit;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Where events go. Safe for use by any thread; never blocks. */
interface EventSink {
  /**
   * @param line one event as JSON, with a final line feed
   * @return completes once the event is on disk, on the log's own thread; exceptionally if it can't
   *     be written now. Of a {@link Urgency#NOTE} it tells nothing.
   */
  CompletableFuture<@Nullable Void> append(byte[] line, Urgency urgency);
}
